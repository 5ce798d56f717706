/** Holds back whoever passes while it is shut, and remembers whether it was shut down meanwhile. */
export type Gate = {
  readonly shut: boolean;
  close(): void;
  open(): void;
  /** Resolves at once, or when the gate opens. */
  pass(): Promise<void>;
};

export function createGate(): Gate {
  let opened: Promise<void> | null = null;
  let open: () => void = () => {};
  return {
    get shut() {
      return opened !== null;
    },
    close() {
      opened ??= new Promise((resolve) => {
        open = resolve;
      });
    },
    open() {
      opened = null;
      open();
    },
    async pass() {
      while (opened !== null) await opened;
    },
  };
}
