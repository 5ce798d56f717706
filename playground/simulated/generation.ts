/** How old an engine is, by the newest API that it speaks. */
export type Generation = { readonly api: number };

/**
 * Whether an engine speaks as Docker 26.1 does rather than as 20.10. Only those two were measured: between them the
 * border is a guess.
 */
export const isModern = ({ api }: Generation) => api >= 44;

/** Whether an engine is as Docker 28 is. */
export const isLatest = ({ api }: Generation) => api >= 48;
