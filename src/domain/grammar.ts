// The grammar of distribution's `reference` package, as parts of regular expressions.

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
/** Without a registry's address: `team/app`. */
export const REPOSITORY = `${COMPONENT}(?:/${COMPONENT})*`;
export const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
export const DIGEST = 'sha256:[0-9a-f]{64}';
/** `RepositoryNameTotalMaxLength`. */
export const LONGEST = 255;
