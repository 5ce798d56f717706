import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lacking } from '../../playground/parts/available.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { type Api, empty, openApi, type Subject } from './_api.ts';
import { builds } from './_builds.ts';
import { cache } from './_cache.ts';
import { containers } from './_containers.ts';
import { deletion } from './_deletion.ts';
import { errors } from './_errors.ts';
import { events } from './_events.ts';
import { filtering } from './_filtering.ts';
import { images } from './_images.ts';
import { deletionInUse } from './_in-use.ts';
import { parents } from './_parents.ts';
import { prune } from './_prune.ts';
import { registry } from './_registry.ts';
import { sizes } from './_sizes.ts';
import { type Dialect, dialectOf, type Kind, LINES } from './dialect/index.ts';

/** What a behaviour is tested on; scope, engine and api are there before the first test. */
export type Stage = { dialect: Dialect; scope: Scope; engine: Subject; api: Api };

/** What clean-up asks of an engine, the same on every engine of a kind; what differs between kinds its dialect says. */
export function engineContract(kind: Kind, start: (scope: Scope) => Promise<Subject>): void {
  describe(`the contract in the dialect of ${kind}`, () => {
    const read = new Set<string>();
    const stage = { dialect: dialectOf(kind, (line) => read.add(line)) } as Stage;
    beforeAll(async () => {
      stage.scope = createScope('contract');
      stage.engine = await start(stage.scope);
      stage.api = openApi(stage.engine);
    }, 60_000);
    afterEach(() => empty(stage.api));
    afterAll(() => stage.scope?.close(), 60_000);

    describe('images', () => images(stage));
    describe('lists of images', () => filtering(stage));
    describe('sizes', () => sizes(stage));
    describe('deletion', () => deletion(stage));
    describe('deletion in use', () => deletionInUse(stage));
    describe('parents', () => parents(stage));
    describe('builds', () => builds(stage));
    describe('build cache', () => cache(stage));
    describe('containers', () => containers(stage));
    describe('prune', () => prune(stage));
    describe('events', () => events(stage));
    describe('registry', () => registry(stage));
    describe('errors', () => errors(stage));

    test.skipIf(lacking('registry'))('has no line in its dialect that nothing is tested by', () => {
      expect(LINES.filter((line) => !read.has(line))).toEqual([]);
    });
  });
}
