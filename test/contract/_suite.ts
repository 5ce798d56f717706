import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { type Api, empty, openApi, type Subject } from './_api.ts';
import { containers } from './_containers.ts';
import { deletion } from './_deletion.ts';
import { errors } from './_errors.ts';
import { events } from './_events.ts';
import { images } from './_images.ts';
import { prune } from './_prune.ts';
import { registry } from './_registry.ts';

/** What a behaviour is tested on; filled in before the first test. */
export type Stage = { scope: Scope; engine: Subject; api: Api };

/** What clean-up asks of an engine with a graph driver (API 1.41), the same on every kind of it. */
export function engineContract(kind: string, start: (scope: Scope) => Promise<Subject>): void {
  describe(`the contract, on a ${kind} engine`, () => {
    const stage = {} as Stage;
    beforeAll(async () => {
      stage.scope = createScope('contract');
      stage.engine = await start(stage.scope);
      stage.api = openApi(stage.engine);
    }, 60_000);
    afterEach(() => empty(stage.api));
    afterAll(() => stage.scope?.close(), 60_000);

    describe('images', () => images(stage));
    describe('deletion', () => deletion(stage));
    describe('containers', () => containers(stage));
    describe('prune', () => prune(stage));
    describe('events', () => events(stage));
    describe('registry', () => registry(stage));
    describe('errors', () => errors(stage));
  });
}
