/** Work that goes on beside everything else, and that is waited for only at the end. */
export function openAside() {
  const open = new Set<Promise<void>>();
  return {
    add(work: Promise<void>): void {
      const kept = work.catch(() => undefined).finally(() => open.delete(kept));
      open.add(kept);
    },
    /** Resolves once all of it is over, also what began meanwhile, or after `ms` milliseconds. True if nothing is left. */
    async settled(ms: number): Promise<boolean> {
      const ending = Date.now() + ms;
      while (open.size > 0 && Date.now() < ending) await within(Promise.all(open), ending - Date.now());
      return open.size === 0;
    },
  };
}

// --- internal ---

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
