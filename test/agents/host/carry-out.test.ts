import { describe, expect, test } from 'vitest';
import { besideNoneThatHangs } from '../../../agents/host/one-hangs.ts';
import { noNotes } from './_around.ts';
import { carried, memoryEngine } from './_hands.ts';
import { imageOf, itemOf } from './_journal.ts';

const app = imageOf(1);
const other = imageOf(2);
const item = { ...itemOf(1), references: ['app:1', 'app:2'], remove: [] };

describe('a name that gets another meaning after the look', () => {
  test('while the journal is written: what it means now stays', async () => {
    const { tags, images, asked, port } = memoryEngine({ 'app:1': app, 'app:2': app });
    const tried = async () => {
      images.add(other);
      tags.set('app:1', other);
      return null;
    };
    const outcome = await carried(item, port, { notes: { ...noNotes, tried } });
    expect(asked).toEqual([]);
    expect(outcome).toMatchObject({ outcome: 'skipped', removed: [], why: { kind: 'references' } });
    expect(Object.fromEntries(tags)).toEqual({ 'app:1': other, 'app:2': app });
  });

  test('given to the image: it does not go by its ID with a name that nobody planned', async () => {
    const { tags, asked, port } = memoryEngine({ 'app:1': app });
    const tried = async () => {
      tags.set('new:1', app);
      return null;
    };
    const forced = { ...itemOf(1), references: ['app:1'], force: true };
    const outcome = await carried(forced, port, { notes: { ...noNotes, tried } });
    expect(asked).toEqual([]);
    expect(outcome).toMatchObject({ outcome: 'skipped', why: { kind: 'references' } });
  });

  test('beside a deletion that hangs: nothing is asked between the look and the request', async () => {
    const { tags, images, port } = memoryEngine({ 'app:1': app, 'app:2': app });
    let now = 0;
    const slow = {
      ...port,
      remove: (name: string, options: { force: boolean }) =>
        name === 'stuck' ? new Promise<never>(() => {}) : port.remove(name, options),
      // The question whether it hangs takes long, and somebody builds meanwhile.
      info: () => {
        images.add(other);
        tags.set('app:1', other);
        return port.info();
      },
    };
    const engine = besideNoneThatHangs(slow, () => now);
    void engine.remove('stuck', { force: false });
    now = 61_000;
    expect(await carried(item, engine)).toMatchObject({ outcome: 'deleted' });
    expect([...images]).toEqual([]);
  });
});
