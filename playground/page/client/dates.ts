const DAY = 86_400_000;

/** Slack's date tokens, in the zone of whoever reads. */
export function formatDate(at: number, format: string, now: number): string {
  const date = new Date(at);
  const say = (options: Intl.DateTimeFormatOptions) => date.toLocaleDateString('en-US', options);
  const short = say({ month: 'short', day: 'numeric', year: 'numeric' });
  const plain = say({ month: 'long', day: 'numeric', year: 'numeric' });
  const long = say({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' });
  const pretty = (otherwise: string) => nearDay(date, now) ?? otherwise;
  const words: Record<string, string> = {
    date_num: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    date: plain,
    date_short: short,
    date_long: long,
    date_pretty: pretty(plain),
    date_short_pretty: pretty(short),
    date_long_pretty: pretty(long),
    time: clock(at),
    time_secs: date.toLocaleTimeString(undefined, { timeStyle: 'medium' }),
    ago: agoWords(now - at),
  };
  return format.replace(/\{(\w+)\}/g, (all, token: string) => words[token] ?? all);
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' });
}

export function fullDate(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'medium' });
}

/** When a message was posted. */
export const sentAt = (ts: string): number => Number(ts) * 1000;

// --- internal ---

const two = (n: number): string => String(n).padStart(2, '0');

function nearDay(date: Date, now: number): string | undefined {
  const days = ['today', 'yesterday', 'tomorrow'];
  const shifts = [0, -DAY, DAY];
  const at = shifts.findIndex((shift) => new Date(now + shift).toDateString() === date.toDateString());
  return days[at];
}

function agoWords(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return 'just now';
  return minutes < 60 ? `${minutes} minutes ago` : `${Math.round(minutes / 60)} hours ago`;
}
