import { z } from 'zod';

/** A host's one name: lower-case letters, digits, dots and dashes, as in RFC 1123, at most 63 characters. */
export const HostName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, 'a host name is 1-63 letters, digits, dots and dashes')
  .brand('HostName');
export type HostName = z.infer<typeof HostName>;

/** The full ID that the engine calls an image by. */
export const ImageId = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .brand('ImageId');
export type ImageId = z.infer<typeof ImageId>;

/** The number that people see as `#1042`. */
export const RunId = z.number().int().positive().brand('RunId');
export type RunId = z.infer<typeof RunId>;

/** A Slack member: `U…`, or `W…` on Enterprise Grid. */
export const UserId = z
  .string()
  .regex(/^[UW][A-Z0-9]{2,}$/)
  .brand('UserId');
export type UserId = z.infer<typeof UserId>;

/** The first 12 hexadecimal digits, as Docker prints an ID. */
export function shortId(id: ImageId): string {
  return id.slice('sha256:'.length, 'sha256:'.length + 12);
}
