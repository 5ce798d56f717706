import { createHash, randomBytes } from 'node:crypto';

export function sha256(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** An ID such as containers have. */
export const randomId = () => randomBytes(32).toString('hex');
