/** How an agent is told to end: the image at hand is finished first, unless it is hurried. */
export type Signals = { stop: AbortSignal; hurry: AbortSignal };

/** SIGTERM or SIGINT stops, a second one hurries. */
export function processSignals(): Signals {
  const stop = new AbortController();
  const hurry = new AbortController();
  const hear = () => (stop.signal.aborted ? hurry : stop).abort();
  process.on('SIGTERM', hear);
  process.on('SIGINT', hear);
  return { stop: stop.signal, hurry: hurry.signal };
}
