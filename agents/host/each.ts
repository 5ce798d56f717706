/** Images, containers or histories asked for at once: more make the engine no quicker. */
export const WIDTH = 8;

/** Does `work` for each of `list`, at most `width` at once, in order of the list. The first error ends it. */
export async function eachOf<T>(
  list: readonly T[],
  width: number,
  work: (value: T) => Promise<void>,
): Promise<void> {
  const iterator = list.values();
  const lane = async () => {
    for (const value of iterator) await work(value);
  };
  await Promise.all(Array.from({ length: Math.min(width, list.length) }, lane));
}
