/** An answer other than success, in Docker's words. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** An answer to clients of an API so old that errors were plain text, but for the releases that forgot about it. */
export class TextError extends ApiError {}

export const badRequest = (message: string) => new ApiError(400, message);
export const notFound = (message: string) => new ApiError(404, message);
export const conflict = (message: string) => new ApiError(409, message);
/** What the engine does not tell apart from its own failure. */
export const failure = (message: string) => new ApiError(500, message);
