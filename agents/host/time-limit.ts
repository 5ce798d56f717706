/** One deletion may unlink files for minutes. */
export const DELETION_MS = 600_000;

/**
 * Runs `work` with a signal that is aborted after `ms`, and rejects then with a `TimeoutError` whether or
 * not the work heeds the signal.
 */
export async function withLimit<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new DOMException(`No answer within ${ms} ms`, 'TimeoutError');
      reject(error);
      controller.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
