/** A configuration that a person must mend: one sentence that names the field. The agent exits with 2. */
export class ConfigError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
