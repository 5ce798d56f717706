/** Work that goes on beside everything else, and that is waited for only at the end. */
export function openAside() {
  const open = new Set<Promise<void>>();
  async function drain(): Promise<void> {
    while (open.size > 0) await Promise.all(open);
  }
  return {
    add(work: Promise<void>): void {
      const kept = work.catch(() => undefined).finally(() => open.delete(kept));
      open.add(kept);
    },
    /** Resolves once all of it is over, also what began meanwhile, or after `ms` milliseconds. True if nothing is left. */
    async settled(ms: number): Promise<boolean> {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
      await Promise.race([drain(), late]);
      clearTimeout(timer);
      return open.size === 0;
    },
  };
}
