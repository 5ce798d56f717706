/** What one registry is given, in milliseconds, bytes and times. */
export type Limits = {
  /** Until a connection stands, with its TLS. */
  connectMs: number;
  /** Without a byte from the other side. */
  silentMs: number;
  /** One answer, from the connection to its last byte. */
  wholeMs: number;
  /** A deletion, which is silent as long as it takes: distribution looks through every tag of the repository. */
  deletionMs: number;
  /** Of one answer. The specification has registries take manifests of 4 MiB. */
  bytes: number;
  /** Of one list. */
  pages: number;
  /** The longest `Retry-After` that is waited for. */
  waitMs: number;
  /** How often a question is put again that came too soon. */
  repeats: number;
};

export const LIMITS: Limits = {
  connectMs: 10_000,
  silentMs: 30_000,
  wholeMs: 60_000,
  deletionMs: 120_000,
  bytes: 4 * 1024 * 1024,
  pages: 1000,
  waitMs: 20_000,
  repeats: 3,
};
