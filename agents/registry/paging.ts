import { type Heard, problemOf } from './answers.ts';
import { RegistryTrouble } from './ports.ts';

/**
 * All pages of a list, by `Link: <…>; rel="next"` alone: a short page is not the end. `null` where `isNone` says of the
 * first answer that there is no such list. Rejects with `RegistryTrouble` also where pages come in circles.
 */
export async function readPages<T>(
  ask: (url: URL) => Promise<Heard>,
  first: URL,
  read: (body: Buffer) => readonly T[],
  isNone: (answer: Heard) => boolean,
  most: number,
): Promise<T[] | null> {
  const found: T[] = [];
  const seen = new Set<string>();
  for (let url: URL | null = first; url; ) {
    if (seen.has(url.href)) throw wrong('its pages come in circles');
    if (seen.size === most) throw wrong(`its list has more than ${most} pages`);
    seen.add(url.href);
    const answer = await ask(url);
    if (seen.size === 1 && isNone(answer)) return null;
    if (answer.status !== 200) throw new RegistryTrouble(problemOf(answer));
    for (const one of read(answer.body)) found.push(one);
    url = nextOf(answer.headers.link, url);
  }
  return found;
}

/** Where the next page is, by RFC 8288; never at another origin, which our credentials are not for. */
export function nextOf(header: string | string[] | undefined, from: URL): URL | null {
  const text = [header ?? []].flat().join(', ');
  for (const [, target = '', parameters = ''] of text.matchAll(LINK)) {
    if (!/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=\s*(?:;|$)))/i.test(parameters)) continue;
    const next = URL.canParse(target, from.href) ? new URL(target, from) : null;
    if (next?.origin !== from.origin) throw wrong('its next page is at another address');
    return next;
  }
  return null;
}

// --- internal ---

const LINK = /<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*=\s*(?:"[^"]*"|[^\s";,]+))*)/g;

const wrong = (message: string) => new RegistryTrouble({ kind: 'registry', what: 'wrong', message });
