import type { Fault, Schedule, When } from './schedule.ts';

/** A schedule as it was drawn, in lines for people. */
export function describe({
  seed,
  number,
  bots,
  images,
  pace,
  commands,
  faults,
  touch,
  linger,
}: Schedule): string[] {
  return [
    `schedule ${number} of seed ${seed}, ${bots === 1 ? 'one bot' : 'two bots'}`,
    ...Object.entries(images).map(
      ([host, all]) =>
        `  ${host}${pace[host] ? `, answers ${pace[host]} ms late` : ''}: ${all.map(({ tags, layers, container }) => `${tags.join(',') || '<none>'}(${layers.length}${container ? ` ${container}` : ''})`).join(' ')}`,
    ),
    ...commands.map(({ at, user, line, presses, undo }, i) => {
      const how = presses.map(
        (one) => `${one.user} ${one.label}${one.times > 1 ? `×${one.times}` : ''} +${one.after}`,
      );
      return `  ${i}: at ${at} ms ${user} /dimg ${line} [${how.join('; ')}]${undo ? ` undone by ${undo}` : ''}`;
    }),
    ...(touch ? [`  image ${touch.key} of ${touch.host} gets a name when ${touch.of} is shown`] : []),
    ...(linger > 0 ? [`  ${linger} ms in the end`] : []),
    ...faults.map((fault) => `  fault ${whenWords(fault.when)}: ${faultWords(fault)}`),
  ];
}

// --- internal ---

const whenWords = ({ of, phase, plus }: When): string =>
  of === null ? `at ${plus} ms` : `${plus} ms after ${of} is ${phase}`;

function faultWords({ when: _, kind, ...rest }: Fault): string {
  return `${kind} ${Object.entries(rest)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')}`;
}
