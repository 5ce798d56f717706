import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';

/** What several answers of the engine have in common. */
export const Labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

export const OptionalId = ImageId.nullish().catch(null);

/** Folders of the layers of an image or a container, uppermost first; none but for overlay2. */
export const GraphDriver = z
  .object({ Data: z.record(z.string(), z.string()).nullish() })
  .nullish()
  .transform((driver) => {
    const { UpperDir, LowerDir } = driver?.Data ?? {};
    return [UpperDir, ...(LowerDir?.split(':') ?? [])].filter(
      (folder) => folder !== undefined && folder !== '',
    ) as string[];
  });

/** Go's zero time means never. */
export function moment(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) || at <= 0 ? null : at;
}
