import { z } from 'zod';
import { isStopped } from '../../src/domain/inventory.ts';
import type { ContainerDetails, EngineEvent, RawContainer } from './ports.ts';
import { GraphDriver, Labels, moment, OptionalId } from './shape-parts.ts';

const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;

export const Containers = z
  .array(
    z.object({
      Id: z.string(),
      Names: z.array(z.string()).nullish(),
      ImageID: OptionalId,
      // A state that we don't know counts as the most careful one.
      State: z.enum(STATES).catch('running'),
      Labels,
      Mounts: z
        .array(
          z.object({ Type: z.string().nullish(), Name: z.string().nullish(), Source: z.string().nullish() }),
        )
        .nullish(),
    }),
  )
  .transform((containers) =>
    containers.map(
      (raw): RawContainer => ({
        id: raw.Id,
        name: nameOf(raw.Names ?? [], raw.Id),
        imageId: raw.ImageID ?? null,
        state: raw.State,
        labels: raw.Labels,
        mounts: (raw.Mounts ?? [])
          .filter(({ Type }) => Type === 'image')
          .flatMap(({ Name, Source }) => [Name, Source])
          .filter((name): name is string => typeof name === 'string' && name !== ''),
      }),
    ),
  );

export const ContainerInspection = z
  .object({
    Id: z.string(),
    Name: z.string(),
    Image: OptionalId,
    Created: z.string(),
    State: z.object({ Status: z.enum(STATES).catch('running'), FinishedAt: z.string().nullish() }),
    SizeRw: z.number().nullish(),
    GraphDriver: GraphDriver,
  })
  .transform(
    (raw): ContainerDetails => ({
      id: raw.Id,
      name: nameOf([raw.Name], raw.Id),
      imageId: raw.Image ?? null,
      state: raw.State.Status,
      stoppedAt: isStopped(raw.State.Status) ? (moment(raw.State.FinishedAt) ?? moment(raw.Created)) : null,
      size: Math.max(0, raw.SizeRw ?? 0),
      // The uppermost is the container's own, the next its `-init`: neither is an image's.
      folders: raw.GraphDriver,
    }),
  );

/** One message of the event stream; `null` for what is of no use here. */
export const Event = z
  .object({
    Type: z.string(),
    Action: z.string(),
    Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
    time: z.number(),
    timeNano: z.number().nullish(),
  })
  .transform((raw): EngineEvent | null => {
    if (raw.Type !== 'image' && raw.Type !== 'container') return null;
    return {
      type: raw.Type,
      action: raw.Action,
      id: raw.Actor.ID,
      image: raw.Actor.Attributes?.image ?? null,
      at: raw.timeNano ? Math.floor(raw.timeNano / 1_000_000) : raw.time * 1000,
    };
  });

// --- internal ---

/** A link gives a container further names, such as `/web/db`: its own has one slash. */
function nameOf(names: readonly string[], id: string): string {
  const own = names.find((name) => name.lastIndexOf('/') === 0) ?? names[0];
  return own?.replace(/^\//, '') || id.slice(0, 12);
}
