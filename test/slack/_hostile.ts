import fc from 'fast-check';
import { bold, code, type Markup, type Node, text, time, user } from '../../src/domain/markup.ts';
import { ANA, NOW } from '../domain/_build.ts';

/** Texts that an image, a label, a container, an error or a person may come with. */
export const HOSTILE = [
  '<!channel>',
  '<!here|here>',
  '<!everyone>',
  '<!subteam^S0EVIL>',
  '<@U1>',
  '<#C1|general>',
  '<http://evil.example|click>',
  'http://evil.example',
  '*bold*',
  '_italic_',
  '~struck~',
  '`code`',
  '```block```',
  '> quote',
  '>>> quote',
  '&lt;!channel&gt;',
  '&amp;lt;@U1&amp;gt;',
  '&',
  'a\nb',
  'a\r\n> b',
  'a\u2028b',
  '\u202egnp.exe\u202c',
  '\u2066x\u2069',
  '\u200b<\u200b!channel>',
  '\ufeff',
  '\u0000\u001b[31m',
  '\ud83d',
  '\udc00x',
  '🔥',
  '*',
  '_',
  'snake_case_name',
  '`',
  '<',
  '>',
  '',
  ' ',
  '\\*x\\*',
  '&'.repeat(600),
  '<@U1>'.repeat(200),
  '🔥'.repeat(450),
  `${'x'.repeat(399)}🔥`,
];

export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ unit: fc.constantFrom(...'*_~`<>&@!#|^ a1;ltg/\n'.split('')), maxLength: 12 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''));

const hostileNode: fc.Arbitrary<Node> = fc.oneof(
  { weight: 4, arbitrary: hostileText.map(text) },
  { weight: 4, arbitrary: hostileText.map(code) },
  { weight: 1, arbitrary: hostileText.map(bold) },
  { weight: 1, arbitrary: fc.constant(user(ANA)) },
  { weight: 1, arbitrary: fc.constant(time(NOW)) },
);

/** Nodes with words between them, as `say` makes them. */
export const hostileMarkup: fc.Arbitrary<Markup> = fc
  .array(hostileNode, { minLength: 1, maxLength: 8 })
  .map((nodes) => nodes.flatMap((node, i) => (i === 0 ? [node] : [text(' · '), node])));
