/**
 * One look-up for all who ask at once. It always begins after the asking, so that nobody gets an answer that
 * is older than the question: who asks while one is under way shares the next one. A failure is everybody's.
 */
export function together<T>(ask: (about: string) => Promise<T>): (about: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  const next = new Map<string, Promise<T>>();

  function begin(about: string): Promise<T> {
    next.delete(about);
    const answer = ask(about).finally(() => {
      if (underWay.get(about) === answer) underWay.delete(about);
    });
    underWay.set(about, answer);
    return answer;
  }

  return (about) => {
    const shared = next.get(about);
    if (shared) return shared;
    const current = underWay.get(about);
    if (!current) return begin(about);
    const then = () => begin(about);
    const later = current.then(then, then);
    next.set(about, later);
    return later;
  };
}
