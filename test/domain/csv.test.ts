import { expect, test } from 'vitest';
import { csv } from '../../src/domain/csv.ts';

test('rows are as RFC 4180 has them', () => {
  expect(
    csv([
      ['a', 1, undefined],
      ['b,"c"', 'd\ne', ' f '],
    ]),
  ).toBe('a,1,\r\n"b,""c""","d\ne", f \r\n');
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
  ['a=1', 'a=1'],
])('no spreadsheet carries out %j', (text, written) => {
  expect(csv([[text]])).toBe(`${written}\r\n`);
});

test('a number is a number, also a negative one', () => {
  expect(csv([[-5]])).toBe('-5\r\n');
});
