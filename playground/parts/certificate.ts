import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** A certificate and its RSA key, as PEM. */
export type Certificate = {
  readonly certificate: string;
  readonly key: string;
  /** The certificate's own bytes. */
  readonly der: Buffer;
};

export type CertificateOptions = {
  readonly name: string;
  /** Who signs it; itself by default, and then it may sign others. */
  readonly by?: Certificate & { readonly name: string };
  /** IPv4 addresses and names that it is for. */
  readonly hosts?: readonly string[];
  /** A day, from an hour ago, by default. */
  readonly until?: Date;
};

/** Makes a certificate (RFC 5280), since no program that could is on every machine. */
export function makeCertificate(options: CertificateOptions): Certificate & { readonly name: string } {
  const { name, by, hosts = [] } = options;
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const hour = 3_600_000;
  const until = options.until ?? new Date(Date.now() + 24 * hour);
  const extensions = [
    extension(BASIC_CONSTRAINTS, sequence(by ? Buffer.alloc(0) : der(0x01, Buffer.from([0xff])))),
    ...(hosts.length > 0 ? [extension(ALTERNATIVE_NAMES, sequence(...hosts.map(hostName)))] : []),
  ];
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    SHA256_RSA,
    nameOf(by?.name ?? name),
    sequence(time(new Date(Math.min(Date.now(), until.getTime()) - hour)), time(until)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signer: KeyObject | string = by?.key ?? privateKey;
  const signature = createSign('sha256').update(content).sign(signer);
  const whole = sequence(content, SHA256_RSA, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    name,
    certificate: `-----BEGIN CERTIFICATE-----\n${whole
      .toString('base64')
      .replace(/(.{64})/g, '$1\n')
      .trimEnd()}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    der: whole,
  };
}

// --- internal ---

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts));

const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');
const ALTERNATIVE_NAMES = Buffer.from('0603551d11', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
/** `sha256WithRSAEncryption`, without parameters. */
const SHA256_RSA = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'));

const extension = (id: Buffer, content: Buffer) => sequence(id, der(0x04, content));
const nameOf = (name: string) => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
const hostName = (host: string) =>
  /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
const time = (at: Date) =>
  der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`, 'ascii'));
