import { afterEach, describe, expect, test, vi } from 'vitest';
import { objectionTo } from '../../agents/host/verify.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import type * as Objection from '../../src/domain/objection.ts';
import type * as RunFile from '../../src/domain/run.ts';
import type { Run } from '../../src/domain/run.ts';
import { isFinal } from '../../src/domain/run.ts';
import type * as StepFile from '../../src/domain/step.ts';
import type * as Rights from '../../src/flows/rights.ts';
import type { Flows } from './_flows.ts';
import { type Guards, openModel } from './_model.ts';
import { SCENES } from './_scenes.ts';
import { explore } from './_search.ts';

/** The flows, with some of what they import replaced. */
async function flowsWith(replace: Record<string, (real: never) => object> = {}): Promise<Flows> {
  vi.resetModules();
  for (const [path, change] of Object.entries(replace))
    vi.doMock(path, async (original) => {
      const real = (await original()) as object;
      return { ...real, ...change(real as never) };
    });
  // One after the other: what is replaced must not be asked for by several while its original is being loaded.
  const { decide } = await import('../../src/flows/decide.ts');
  const { report } = await import('../../src/flows/report.ts');
  const { sweep } = await import('../../src/flows/sweep.ts');
  for (const path of Object.keys(replace)) vi.doUnmock(path);
  return { decide, report, sweep };
}
const OBJECTION = '../../src/domain/objection.ts';
/** `objection` that is asked about another run or event than there is. */
const objecting = (change: (run: Run, event: RunEvent) => [Run, RunEvent]) => ({
  [OBJECTION]: ({ objection }: typeof Objection) => ({
    objection: (run: Run, event: RunEvent) => objection(...change(run, event)),
  }),
});

async function whatIsFound(
  scene: string,
  flows: Flows,
  guards: Partial<Guards> = {},
  states = 70_000,
): Promise<string> {
  const found = SCENES.find(({ name }) => name.includes(scene));
  if (!found) throw new Error(`there is no scene about ${scene}`);
  const { broken } = await explore(openModel(found, flows, guards), { states });
  return broken?.what ?? 'nothing';
}

describe('it is found when', () => {
  afterEach(() => void vi.resetModules());

  test('a requester may approve', async () => {
    const flows = await flowsWith(
      objecting((run, event) => [
        event.type === 'approve' ? { ...run, requester: 'U0NOBODY' as never } : run,
        event,
      ]),
    );
    expect(await whatIsFound('one approval', flows)).toBe('its requester approved it');
  });

  test('one approver counts twice', async () => {
    const flows = await flowsWith(objecting((run, event) => [{ ...run, approvals: [] }, event]));
    expect(await whatIsFound('two approvals', flows)).toContain('fewer approvals, by different people');
  });

  test('somebody else confirms', async () => {
    const flows = await flowsWith(
      objecting((run, event) => [event.type === 'confirm' ? { ...run, requester: event.by } : run, event]),
    );
    expect(await whatIsFound('requester confirms', flows)).toBe('its requester did not confirm it');
  });

  test('the expiry is not looked at when an approval is stored', async () => {
    const flows = await flowsWith(objecting(({ expiresAt: _, ...run }, event) => [run as Run, event]));
    expect(await whatIsFound('one approval', flows)).toBe('an approval came after its expiry');
  });

  test('the expiry is not looked at when a confirmation is stored', async () => {
    const flows = await flowsWith(objecting(({ expiresAt: _, ...run }, event) => [run as Run, event]));
    expect(await whatIsFound('requester confirms', flows)).toBe('it was confirmed after its expiry');
  });

  test('who may approve is remembered', async () => {
    const flows = await flowsWith({
      '../../src/flows/rights.ts': (real: typeof Rights) => ({ ...real, whyNotApprover: async () => null }),
    });
    expect(await whatIsFound('one approval', flows)).toMatch(/counted without the right to it/);
  });

  test('an approval counts after a denial', async () => {
    const late = (run: Run, event: RunEvent) => run.state === 'denied' && event.type === 'approve';
    const flows = await flowsWith({
      [OBJECTION]: ({ objection }: typeof Objection) => ({
        objection: (run: Run, event: RunEvent) => (late(run, event) ? null : objection(run, event)),
      }),
      '../../src/domain/step.ts': ({ step }: typeof StepFile) => ({
        step: (run: Run, event: RunEvent) =>
          late(run, event) ? { ...run, state: 'executing', denied: undefined } : step(run, event),
      }),
    });
    expect(await whatIsFound('one approval', flows)).toBe('a run that was denied changed');
  });

  test('the store takes what was made of an old run', async () => {
    expect(await whatIsFound('one approval', await flowsWith(), { storesLate: true })).not.toBe('nothing');
  });

  test('the agent takes a job twice', async () => {
    expect(await whatIsFound('things twice', await flowsWith(), { takesTwice: true })).toBe(
      'a job was started twice',
    );
  });

  test('a late job is taken', async () => {
    const guards = {
      objectionTo: (...[job, self]: Parameters<typeof objectionTo>) => objectionTo(job, self, 0),
    };
    expect(await whatIsFound('requester confirms', await flowsWith(), guards)).toBe(
      'a job was started after its expiry',
    );
  });

  test('a job for another start of the agent is taken', async () => {
    const guards: Partial<Guards> = {
      objectionTo: (job, { host }, now) => objectionTo(job, { host, epoch: job.epoch }, now),
    };
    expect(await whatIsFound('started anew', await flowsWith(), guards)).toContain('another start');
  });

  test('the plan that is shown is not the one that is kept', async () => {
    expect(await whatIsFound('plan that comes twice', await flowsWith(), { tellsKept: false })).toBe(
      'the plan that is kept is not the one that is shown',
    );
  });

  test('a cancelled run is told to have left what is being deleted', async () => {
    const flows = await flowsWith({
      '../../src/domain/run.ts': (real: typeof RunFile) => ({ ...real, isHandedOut: () => false }),
    });
    expect(await whatIsFound('approved and cancelled', flows)).toBe(
      'a deletion that began is told as skipped',
    );
  });

  test('what a host says of a run that was given up is not heard', async () => {
    const flows = await flowsWith({
      '../../src/domain/step.ts': ({ step }: typeof StepFile) => ({
        step: (run: Run, event: RunEvent) => (isFinal(run.state) ? run : step(run, event)),
      }),
    });
    expect(await whatIsFound('after its run was given up', flows, {}, 3_000)).toContain('a run is not over');
  });

  test('nobody looks at what a bot that died had in hand', async () => {
    const flows = { ...(await flowsWith()), sweep: async () => undefined };
    expect(await whatIsFound('one approval', flows)).toMatch(/never ends|nothing more can happen/);
  });

  test('but not where all is as it should be', async () => {
    expect(await whatIsFound('one approval', await flowsWith())).toBe('nothing');
  });
});
