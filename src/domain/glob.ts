/**
 * A glob of `*`, `?` and literal characters; `*` does not cross `/`. Without a `/` in it, a path's last
 * component is matched as well, so `app` matches `registry.example.com/team/app`.
 */
export function matchesGlob(glob: string, path: string): boolean {
  const globs = glob.split('/');
  const parts = path.split('/');
  if (globs.length === 1) return matchesPart(glob, parts.at(-1) ?? '');
  return globs.length === parts.length && globs.every((one, i) => matchesPart(one, parts[i] ?? ''));
}

// --- internal ---

/**
 * Only the last star seen is ever widened, since what an earlier one could take the last one can as well.
 * A regular expression would try them all: exponential time, for a glob that anybody may type.
 */
function matchesPart(glob: string, part: string): boolean {
  let [g, p, star, widened] = [0, 0, -1, 0];
  while (p < part.length) {
    if (glob[g] === '*') {
      star = g++;
      widened = p;
    } else if (glob[g] === '?' || glob[g] === part[p]) {
      g++;
      p++;
    } else if (star >= 0) {
      g = star + 1;
      p = ++widened;
    } else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}
