import type { Readable } from 'node:stream';

/**
 * Reads JSON values, one a line. Rejects where the stream is cut off in the middle; one that is ended in order, or by
 * the signal, is over.
 */
export async function readLines(
  stream: Readable,
  hear: (line: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  let rest = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) {
      const parts = `${rest}${chunk}`.split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) if (line.trim() !== '') hear(JSON.parse(line));
    }
    if (rest.trim() !== '') hear(JSON.parse(rest));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
