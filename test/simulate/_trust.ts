import { Plan } from '../../src/domain/plan.ts';
import { Heartbeat, Report } from '../../src/domain/protocol.ts';
import { Run } from '../../src/domain/run.ts';

/**
 * Most schedules believe what was stored to be what it was, since to check it takes a fifth of the time; some check it as
 * production does. These schemas only look: what they let pass they give back as it is.
 */
export function openTrust(): { believe(how: boolean): void; giveBack(): void } {
  let trusting = false;
  const schemas = [Run, Plan, Report, Heartbeat] as unknown as Schema[];
  const real = schemas.map(({ parse, safeParse }) => ({ parse, safeParse }));
  schemas.forEach((schema, i) => {
    const { parse, safeParse } = real[i] as Schema;
    schema.parse = (data) => (trusting ? data : parse(data));
    // What is no object at all was never stored by us.
    schema.safeParse = (data) =>
      trusting && typeof data === 'object' ? { success: true, data } : safeParse(data);
  });
  return {
    believe(how) {
      trusting = how;
    },
    giveBack() {
      schemas.forEach((schema, i) => void Object.assign(schema, real[i]));
    },
  };
}

interface Schema {
  parse(data: unknown): unknown;
  safeParse(data: unknown): unknown;
}
