import { describe, expect, test } from 'vitest';
import { anImage, anInventory, id, pruning, removing, rules } from './_build.ts';
import { going, reasonOf } from './_plan.ts';

describe('protect by a label', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['label=keep', { keep: '' }, true],
    ['label=keep', { keep: 'no matter what' }, true],
    ['label=keep', { other: '1' }, false],
    ['label=team=web', { team: 'web' }, true],
    ['label=team=web', { team: 'webs' }, false],
    ['label=team=web', {}, false],
    ['label=team=', { team: '' }, true],
    ['label=team=', { team: 'web' }, false],
    ['label=env=a=b', { env: 'a=b' }, true],
    ['label=constructor', {}, false],
    ['label=keep\n', { keep: '1' }, false],
  ])('%j keeps an image with %j: %s', (rule, labels, keeps) => {
    const inventory = anInventory([anImage('x', { labels })]);
    const by = rules({ protect: ['nothing', rule] });
    expect(going(inventory, pruning(), by)).toEqual(keeps ? [] : [id('x')]);
    if (keeps) expect(reasonOf('x', inventory, pruning(), by)).toEqual({ kind: 'protected', by: rule });
  });

  test('guards what somebody named to rmi as well', () => {
    const inventory = anInventory([anImage('x', { tags: ['app:1'], labels: { keep: '' } })]);
    const by = rules({ protect: ['label=keep'] });
    expect(going(inventory, removing(['app:1'], true), by)).toEqual([]);
    expect(reasonOf('x', inventory, removing(['app:1'], true), by)).toEqual({
      kind: 'protected',
      by: 'label=keep',
    });
  });
});
