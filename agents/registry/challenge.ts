/** One way in that a 401 offers, by RFC 9110 §11.6.1. */
export type Challenge = { scheme: string; parameters: Readonly<Record<string, string>> };

/** Reads `WWW-Authenticate`; schemes and names of parameters in lower case. What it can't read ends the list. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  if (header === undefined) return challenges;
  const part = new RegExp(PART, 'y');
  for (let match = part.exec(header); match; match = part.exec(header)) {
    const [, name = '', quoted, plain] = match;
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    // A name with a value belongs to the scheme before it; one without is the next scheme.
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: Object.create(null) });
    else if (challenges.length > 0) {
      const { parameters } = challenges.at(-1) as (typeof challenges)[number];
      parameters[name.toLowerCase()] ??= value;
    }
  }
  return challenges;
}

// --- internal ---

const LETTER = "[\\w!#$%&'*+.^`|~-]";
const VALUE = '"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+)';
const PART = `[\\s,]*(${LETTER}+)(?:\\s*=\\s*(?:${VALUE})|(?!${LETTER}|\\s*=))`;
