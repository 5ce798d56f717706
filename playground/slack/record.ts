import type { Clock } from './clock.ts';
import type { Refusal } from './refuse.ts';
import type { Entry, Json, NewEntry, Rejected, Warning } from './types.ts';

export type Listener = (entry: Entry) => void;

export type RecordKeeper = {
  readonly history: Entry[];
  readonly rejected: Rejected[];
  readonly warnings: Warning[];
  readonly add: (entry: NewEntry) => void;
  readonly reject: (method: string, refusal: Refusal, body: Json) => void;
  readonly warn: (method: string, warning: string, body: Json) => void;
  readonly onChange: (listener: Listener) => () => void;
  readonly waitFor: <T>(
    predicate: () => T | undefined | null | false,
    timeoutMs?: number,
    what?: string,
  ) => Promise<T>;
  /** Ends every wait. */
  readonly close: () => void;
};

const POLL_MS = 25;

/** The append-only record: an independent witness of all that reached people. */
export function createRecord(clock: Clock): RecordKeeper {
  const history: Entry[] = [];
  const rejected: Rejected[] = [];
  const warnings: Warning[] = [];
  const listeners = new Set<Listener>();
  const waits = new Set<(reason: Error) => void>();

  const add = (entry: NewEntry) => {
    const dated = { at: clock.now(), ...entry } as Entry;
    history.push(dated);
    for (const listener of [...listeners]) listener(dated);
  };

  const onChange = (listener: Listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };

  const waitFor = <T>(predicate: () => T | undefined | null | false, timeoutMs = 5000, what = 'a change') =>
    new Promise<T>((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        clearInterval(poll);
        waits.delete(fail);
        stop();
        settle();
      };
      const fail = (reason: Error) => end(() => reject(reason));
      const look = () => {
        try {
          const found = predicate();
          if (found !== undefined && found !== null && found !== false) end(() => resolve(found));
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => fail(new Error(timeoutText(what, timeoutMs, history))), timeoutMs);
      const stop = onChange(look);
      // The predicate may look at other things than the record.
      const poll = setInterval(look, POLL_MS);
      waits.add(fail);
      look();
    });

  return {
    history,
    rejected,
    warnings,
    add,
    onChange,
    waitFor,
    reject: (method, { error, detail }, body) => {
      rejected.push({ at: clock.now(), method, error, detail, body });
    },
    warn: (method, warning, body) => {
      warnings.push({ at: clock.now(), method, warning, body });
    },
    close: () => {
      for (const fail of [...waits]) fail(new Error('the Slack stand-in was closed'));
    },
  };
}

/** A test that waits in vain should show what did happen. */
function timeoutText(what: string, timeoutMs: number, history: readonly Entry[]): string {
  const recent = history.slice(-8).map((entry) => `  ${summary(entry)}`);
  return [`waited ${timeoutMs} ms in vain for ${what}; last in the record:`, ...recent].join('\n');
}

function summary(entry: Entry): string {
  switch (entry.kind) {
    case 'call':
      return `call ${entry.method} → ${entry.fault ?? entry.answer?.error ?? entry.status}`;
    case 'message':
      return `message ${entry.change} by ${entry.by} in ${entry.message.channel}: ${entry.message.text.slice(0, 100)}`;
    case 'view':
      return `view ${entry.change} for ${entry.view.user}`;
    case 'file':
      return `file ${entry.file.name}`;
    case 'envelope':
      return `envelope ${entry.type} → ${entry.connection}`;
    case 'ack':
      return `ack after ${entry.ms} ms${entry.late ? ', late' : ''}`;
    case 'user-error':
      return `error shown to ${entry.user}: ${entry.error} (${entry.what})`;
    case 'connection':
      return `connection ${entry.change}, ${entry.open} open`;
  }
}
