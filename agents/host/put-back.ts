import type { ImageId } from '../../src/domain/ids.ts';
import type { Engine } from './ports.ts';

/**
 * Gives names back to an image that stays after all, unless they mean something by now. Resolves to those that it has
 * again, which are put into `back` one by one: where the engine fails in the middle, they are known. Digests can't be
 * given: they come with a pull.
 */
export async function putBack(
  engine: Pick<Engine, 'inspect' | 'tag'>,
  image: ImageId,
  names: Iterable<string>,
  back: string[] = [],
): Promise<string[]> {
  for (const name of new Set(names)) {
    if (name.includes('@')) continue;
    const now = await engine.inspect(name);
    if (now ? now.id === image : await engine.tag(image, name)) back.push(name);
  }
  return back;
}
