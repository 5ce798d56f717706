/** What the contract says that each person, at a card in each state, is told by each press and each command. */

/** ana asked. Who may ask: ana, eve, and the group that bo is in. Who may approve: that group, and cy. */
export const CONFIG = (expires: string): string =>
  `operators: [U0ANA, U0EVE, S0SRE]\napproval: { approvers: [S0SRE, U0CY], expires: ${expires} }\n`;

export const ROLES = {
  ana: 'U0ANA',
  eve: 'U0EVE',
  bo: 'U0BO',
  cy: 'U0CY',
  dee: 'U0DEE',
  gus: 'U0GUS',
  app: 'U0APP',
  out: 'U0OUT',
  gone: 'U0GONE',
} as const;
export type Role = keyof typeof ROLES;

export const STATES = [
  'planning',
  'proposed to confirm',
  'proposed for approval',
  'executing',
  'paused',
  'done',
  'empty',
  'refused',
  'denied',
  'cancelled',
  'expired',
  'stale',
] as const;
export type State = (typeof STATES)[number];

export const VERBS = ['confirm', 'approve', 'deny', 'cancel', 'continue', 'undo', 'again'] as const;
export type Verb = (typeof VERBS)[number];
export type Way = 'button' | 'command';

const STRANGERS: Partial<Record<Role, string>> = {
  gus: "Guests can't delete images or approve: ask a full member.",
  app: "Bots can't delete images or approve.",
  out: "People of another workspace can't delete images or approve.",
  gone: 'This account is deactivated.',
};
const OPERATORS: readonly Role[] = ['ana', 'eve', 'bo'];
const APPROVERS: readonly Role[] = ['bo', 'cy'];

/** The words for this person, or `moves` where the press counts. `#` stands for the run. */
export function expected(role: Role, state: State, verb: Verb, way: Way): string {
  const asks = (): string => {
    const where = state === 'paused' ? 'on all of these hosts' : 'on `host-1`';
    const no = `You may not delete images ${where}. Those who may: @ana, @eve, @sre.`;
    return STRANGERS[role] ?? (OPERATORS.includes(role) ? 'moves' : no);
  };
  const approves = (): string =>
    STRANGERS[role] ??
    (APPROVERS.includes(role) ? 'moves' : 'You are not an approver here. Those who are: @sre, @cy.');
  const cancels = (): string => {
    if (role === 'ana') return 'moves';
    return way === 'button' ? 'Only @ana, who asked for #, can cancel it here.' : asks();
  };
  // What was done to confirm or deny is told to whoever did it in the second person.
  const did = (who: Role, own: string, others: string) => (role === who ? own : others);
  const confirmed = `${did('ana', 'You', '@ana')} confirmed #; it is over:`;
  const over: Partial<Record<State, string>> = {
    done: `${confirmed} done.`,
    empty: '# is over: there was nothing to delete.',
    refused: '# is over: refused.',
    denied: did('cy', 'You have denied # already.', '@cy has denied #; nothing was deleted.'),
    cancelled: did('ana', 'You have cancelled # already.', '@ana has cancelled #.'),
    expired: '# expired …; ask again.',
    stale: `${confirmed} stale.`,
  };
  const end = over[state];
  if (verb === 'undo') {
    if (state === 'done') return asks();
    return end === undefined ? '# is not over yet.' : '# has deleted nothing that could be brought back.';
  }
  if (verb === 'again') {
    if (state === 'expired' || state === 'stale') return asks();
    const word = {
      'proposed to confirm': 'proposed',
      'proposed for approval': 'proposed',
      paused: 'executing',
    };
    return `# is ${word[state as keyof typeof word] ?? state}: ask with a command instead.`;
  }
  if (end !== undefined) return end;
  const going = state === 'executing' || state === 'paused';
  if (verb === 'cancel')
    return state === 'planning'
      ? '# is still being planned; nothing is deleted before that is done.'
      : cancels();
  if (verb === 'continue') return state === 'paused' ? asks() : '# does not wait to be continued.';
  if (state === 'planning') return '# is still being planned; wait for its buttons.';
  if (going) {
    const starter = state === 'executing' ? 'bo' : 'ana';
    return did(starter, 'You have already started #.', `@${starter} has already started #.`);
  }
  if (verb === 'confirm')
    return state === 'proposed for approval'
      ? "# needs somebody's approval, not a confirmation."
      : role === 'ana'
        ? 'moves'
        : 'Only @ana, who asked for #, can confirm it.';
  if (state === 'proposed to confirm') return '# needs no approval; it waits for @ana to confirm it.';
  if (role === 'ana')
    return verb === 'approve'
      ? 'You asked for # yourself: somebody else must approve it.'
      : 'You asked for # yourself: cancel it instead.';
  return approves();
}

/** All cells of a state: to confirm and to run again have no command, and who is deactivated can type none. */
export const cellsOf = (state: State) =>
  (Object.keys(ROLES) as Role[]).flatMap((role) =>
    VERBS.flatMap((verb) =>
      (['button', 'command'] as const)
        .filter((way) => way === 'button' || (verb !== 'confirm' && verb !== 'again' && role !== 'gone'))
        .map((way) => ({ role, verb, way, words: expected(role, state, verb, way) })),
    ),
  );
