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

describe('a container that holds the image', () => {
  const id = 'c'.repeat(64);
  const held = () => {
    const host = memoryEngine({ 'app:1': app });
    host.containers.set(id, { name: 'web-1', image: app });
    return host;
  };
  const holding = { ...itemOf(1), usedBy: [{ container: 'web-1', running: false }] };
  const planned = { ...holding, containers: [{ id, name: 'web-1', stoppedAt: 5 }] };
  const unanswered = { kind: 'trouble', problem: { kind: 'no-answer' }, begun: true } as const;

  test('goes first, by a request that is noted', async () => {
    const { asked, port } = held();
    const noted: string[] = [];
    const tried = async (_: unknown, name: string) => {
      noted.push(name);
      return null;
    };
    const outcome = await carried(planned, port, { notes: { ...noNotes, tried } });
    expect(outcome).toMatchObject({ outcome: 'deleted', containers: ['web-1'] });
    expect(noted).toEqual([id, app]);
    expect(asked).toEqual([id, app]);
  });

  test('and whose removal got no answer is given time to go', async () => {
    const { asked, containers, port } = held();
    const engine = { ...port, removeContainer: async () => unanswered };
    const settle = async () => void containers.delete(id);
    expect(await carried(planned, engine, { settle })).toMatchObject({
      ...{ outcome: 'deleted', containers: ['web-1'] },
    });
    expect(asked).toEqual([app]);
  });

  test('is in doubt where the engine may still be at it, and certain where it hung up', async () => {
    const { asked, port } = held();
    const silent = { ...port, removeContainer: async () => unanswered };
    expect(await carried(planned, silent)).toMatchObject({ outcome: 'unknown', why: { kind: 'no-answer' } });
    const cut = { ...port, removeContainer: async () => ({ ...unanswered, cut: true }) };
    expect(await carried(planned, cut)).toMatchObject({ outcome: 'failed', why: { kind: 'no-answer' } });
    expect(asked).toEqual([]);
  });

  test('is in doubt at once when the agent has to end at once', async () => {
    const { port } = held();
    const hurry = new AbortController();
    const removeContainer = () => {
      hurry.abort();
      return new Promise<never>(() => {});
    };
    expect(await carried(planned, { ...port, removeContainer }, { hurry: hurry.signal })).toMatchObject({
      outcome: 'unknown',
    });
  });

  test('and was removed by somebody else is not told as removed by us', async () => {
    for (const when of ['container', 'removeContainer'] as const) {
      const { containers, port } = held();
      const engine = {
        ...port,
        [when]: (name: string) => {
          containers.delete(id);
          return port[when](name);
        },
      };
      const outcome = await carried(planned, engine);
      expect(outcome.outcome).toBe('deleted');
      expect(outcome.containers).toBeUndefined();
    }
  });
});

describe('an agent that has to end at once', () => {
  const names = { ...itemOf(1), references: ['app:1', 'app:2'], remove: [] };
  const id = 'c'.repeat(64);
  const container = { ...names, containers: [{ id, name: 'web-1', stoppedAt: 5 }] };
  const stopped = { why: { kind: 'refused', message: expect.stringContaining('stopped') } };
  const hurried = () => {
    const hurry = new AbortController();
    const abort = async () => {
      hurry.abort();
      return null;
    };
    return { hurry: hurry.signal, abort };
  };

  test('begins nothing with what it was just looking at, nor with what it has just noted', async () => {
    const looking = hurried();
    const noting = hurried();
    for (const item of [names, container]) {
      const { asked, containers, port } = memoryEngine({ 'app:1': app, 'app:2': app });
      if (item === container) containers.set(id, { name: 'web-1', image: app });
      const engine = {
        ...port,
        containers: async () => {
          await looking.abort();
          return port.containers();
        },
      };
      const tried = noting.abort;
      const first = await carried(item, engine, { hurry: looking.hurry });
      const second = await carried(item, port, { hurry: noting.hurry, notes: { ...noNotes, tried } });
      expect([first, second]).toMatchObject([
        { outcome: 'skipped', ...stopped },
        { outcome: 'skipped', ...stopped },
      ]);
      expect(asked).toEqual([]);
    }
  });

  test('does not wait for an engine that hangs after the note, and says that nothing was asked', async () => {
    for (const item of [names, container]) {
      const { asked, containers, port } = memoryEngine({ 'app:1': app, 'app:2': app });
      if (item === container) containers.set(id, { name: 'web-1', image: app });
      const { hurry, abort } = hurried();
      let noted = false;
      const hangs = <T>(answer: Promise<T>) => {
        if (!noted) return answer;
        setImmediate(abort);
        return new Promise<T>(() => {});
      };
      const engine: typeof port = {
        ...port,
        inspect: (name) => hangs(port.inspect(name)),
        container: (name) => hangs(port.container(name)),
      };
      const tried = async () => {
        noted = true;
        return null;
      };
      const outcome = await carried(item, engine, { hurry, notes: { ...noNotes, tried } });
      expect(outcome).toMatchObject({ outcome: 'skipped', ...stopped });
      expect(asked).toEqual([]);
    }
  });

  test('leaves in doubt what it has taken a name from', async () => {
    const { asked, port } = memoryEngine({ 'app:1': app, 'app:2': app });
    const { hurry, abort } = hurried();
    const remove: typeof port.remove = async (name, options) => {
      const removal = await port.remove(name, options);
      await Promise.resolve().then(() => setImmediate(abort));
      return removal;
    };
    const inspect: typeof port.inspect = async (name) => {
      await new Promise(setImmediate);
      return port.inspect(name);
    };
    const outcome = await carried(names, { ...port, remove, inspect }, { hurry });
    expect(outcome).toMatchObject({ outcome: 'unknown', removed: ['app:1'], ...stopped });
    expect(asked).toEqual(['app:1']);
  });
});
