/**
 * A glob of `*`, `?` and literal characters; `*` does not cross `/`. Without a `/` in it, a path's last
 * component is matched as well, so `app` matches `registry.example.com/team/app`.
 */
export function matchesGlob(glob: string, path: string): boolean {
  const pattern = compile(glob);
  return pattern.test(path) || (!glob.includes('/') && pattern.test(path.slice(path.lastIndexOf('/') + 1)));
}

// --- internal ---

function compile(glob: string): RegExp {
  const body = glob
    // Runs of stars are one star: otherwise a pattern of many makes matching exponential.
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${body}$`);
}
