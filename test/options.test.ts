import { expect, test } from 'vitest';
import { readOptions, unreadable } from '../src/options.ts';

const read = (...args: string[]) =>
  readOptions(
    args,
    { help: { type: 'boolean', short: 'h' }, head: { type: 'string', multiple: true, default: [] } },
    1,
  );

test('what is asked for is read', () => {
  expect(read('-h', 'file', '--head', '1', '--head=-2')).toMatchObject({
    values: { help: true, head: ['1', '-2'] },
    positionals: ['file'],
  });
  expect(read('--', '--head').positionals).toEqual(['--head']);
});

test.each([
  [['--hepl'], 'there is no option --hepl: did you mean --help?'],
  [['-q'], 'there is no option -q: there is --help, --head'],
  [['--quite-other=1'], 'there is no option --quite-other: there is --help, --head'],
  [['--head'], '--head needs a value'],
  [['--head='], '--head needs a value'],
  [['--head', '--help'], '--head needs a value'],
  [['--help=yes'], '--help takes no value'],
  [['a', 'b'], '"b" is one word too many'],
])('what is wrong is said in one sentence: %j', (args, words) => {
  expect(() => read(...args)).toThrow(new Error(words));
});

test('a file that can not be read is named', () => {
  const error = (code: string) => Object.assign(new Error('EOTHER: so'), { code });
  expect(unreadable('a.jsonl', error('ENOENT'))).toBe("can't read a.jsonl: there is no such file");
  expect(unreadable('a.jsonl', error('EOTHER'))).toBe("can't read a.jsonl: EOTHER: so");
});
