import { expect, test } from 'vitest';
import { plain } from '../../src/domain/markup.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Problem } from '../../src/domain/plan.ts';
import { problemWords, troubleWords } from '../../src/domain/trouble.ts';

test.each<[string, Trouble]>([
  ['app:1 means another image by now', { kind: 'taken', names: ['app:1'] }],
  ['app:1, app:2 mean another image by now', { kind: 'taken', names: ['app:1', 'app:2'] }],
  ["the image is gone, and can't be pulled again", { kind: 'gone' }],
  ['it could not be pulled: no such manifest', { kind: 'not-pulled', message: 'no such manifest' }],
  ['the engine would not let it go: something on the host still needs it', { kind: 'held' }],
  [
    'the container web-1 that was to be removed first is not as it was',
    { kind: 'containers', container: 'web-1' },
  ],
  ['this host does not allow stopped containers to be removed', { kind: 'containers-off' }],
  ['this host does not allow build cache to be deleted', { kind: 'cache-off' }],
  ['cancelled before its turn', { kind: 'cancelled' }],
  ['left with the others, since the host has changed too much', { kind: 'stale' }],
  ['its time was up before it could start', { kind: 'expired' }],
  ['the agent was started again meanwhile; ask again', { kind: 'restarted' }],
  ['the agent fell silent; once it is back it says here what it did', { kind: 'lost' }],
  ['its references were removed since the plan', { kind: 'references', now: [] }],
  ['its references changed since the plan: app:9', { kind: 'references', now: ['app:9'] }],
  ['offline', { kind: 'offline', seenAt: null }],
  ['not answering', { kind: 'no-answer' }],
  ['no', { kind: 'refused', message: 'no' }],
])('why something was left alone: %s', (words, trouble) => {
  expect(plain(troubleWords(trouble))).toBe(words);
});

test.each<[string, Problem]>([
  [
    'This host does not allow build cache to be deleted (allow.build-cache).',
    { kind: 'not-allowed', what: 'build-cache' },
  ],
  [
    'This host does not allow stopped containers to be removed (allow.stopped-containers).',
    { kind: 'not-allowed', what: 'stopped-containers' },
  ],
  [
    "The agent can't see the engine's disk, so --free-to can't be computed: use --free 20GB.",
    { kind: 'no-disk' },
  ],
  [
    'The goal of 20 GB is not reached: all that may go frees 1.5 GB.',
    { kind: 'goal-missed', wanted: 20e9, reached: 1.5e9 },
  ],
  [
    "app:1 can't be pulled again and does not come back.",
    { kind: 'lost', why: 'irrecoverable', names: ['app:1'], count: 1 },
  ],
  [
    "a:1, b:1 and 3 more can't be pulled again and do not come back.",
    { kind: 'lost', why: 'irrecoverable', names: ['a:1', 'b:1'], count: 5 },
  ],
  [
    'web-1 was a container: it does not come back.',
    { kind: 'lost', why: 'container', names: ['web-1'], count: 1 },
  ],
  [
    'a, b were containers: they do not come back.',
    { kind: 'lost', why: 'container', names: ['a', 'b'], count: 2 },
  ],
  [
    '1 build cache record does not come back; the next build makes them anew.',
    { kind: 'lost', why: 'build-cache', names: [], count: 1 },
  ],
  [
    '2 build cache records do not come back; the next build makes them anew.',
    { kind: 'lost', why: 'build-cache', names: [], count: 2 },
  ],
])('a problem says the way out: %s', (words, problem) => {
  expect(plain(problemWords(problem))).toBe(words);
});
