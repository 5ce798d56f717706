import { UserError } from '../domain/error.ts';
import { UserId } from '../domain/ids.ts';
import { say } from '../domain/markup.ts';
import type { Answer, Log, Person } from '../ports.ts';

/** Slack waits 3 s for an acknowledgement; a store or a Slack that hangs must not use them up. */
const ACK_MS = 2_000;

/** Who pressed or sent a form. */
export function personOf({ user, team }: Body): Person {
  return { user: UserId.parse(user.id), team: user.team_id ?? team?.id ?? '' };
}
interface Body {
  user: { id: string; team_id?: string };
  team?: { id: string } | null;
}

/** The edge: a mistake is answered in its own words, everything else is logged and owned up to. */
export async function spoken(log: Log, work: () => Promise<Answer | null>): Promise<Answer | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) {
      if (error.cause !== undefined) log.error(error.message, error.cause);
      return { lines: [error.markup] };
    }
    log.error('a command or press failed', error);
    return {
      lines: [
        say`Something went wrong inside dimg, and it is in its log. Try again, and tell whoever runs dimg.`,
      ],
    };
  }
}

/** The answer, or null where it takes longer than an acknowledgement may: then it follows by itself. */
export async function inTime(work: Promise<Answer | null>): Promise<Answer | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ACK_MS, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Acknowledges; false where the connection went meanwhile. What was done stays done. */
export async function acknowledged(log: Log, acknowledge: () => Promise<unknown>): Promise<boolean> {
  try {
    await acknowledge();
    return true;
  } catch (error) {
    log.warn('Slack was not reached with an acknowledgement', { error: (error as Error).message });
    return false;
  }
}
