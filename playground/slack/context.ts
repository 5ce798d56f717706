import type { Clock } from './clock.ts';
import type { Options } from './controls.ts';
import type { Faults } from './faults.ts';
import type { Files } from './files.ts';
import type { Grants } from './grants.ts';
import type { Limiter } from './limits.ts';
import type { Messages } from './messages.ts';
import type { RecordKeeper } from './record.ts';
import type { Views } from './views.ts';
import type { World } from './world.ts';

export type Settings = Required<
  Omit<Options, 'port' | 'host' | 'socketHost' | 'rateLimits' | 'requestUrl' | 'time'>
>;

/** All state of one stand-in; the parts of it are handed to functions, never imported. */
export type Context = {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly record: RecordKeeper;
  readonly world: World;
  readonly messages: Messages;
  readonly views: Views;
  readonly files: Files;
  readonly grants: Grants;
  readonly limiter: Limiter;
  readonly faults: Faults;
  /** `http://127.0.0.1:…` */
  readonly base: () => string;
  /** A fresh `ws://…` with a ticket that works once. */
  readonly ticket: () => string;
};

/** Scopes that the product's manifest asks for. */
export const SCOPES = [
  'commands',
  'chat:write',
  'users:read',
  'usergroups:read',
  'channels:read',
  'groups:read',
  'channels:history',
  'groups:history',
  'files:write',
];
