import { describe, expect, test } from 'vitest';
import { parseChallenges } from '../../../agents/registry/challenge.ts';
import { openRegistry } from '../../../agents/registry/client.ts';
import { nextOf } from '../../../agents/registry/paging.ts';
import { retryAfterMs } from '../../../agents/registry/patience.ts';

describe('a challenge', () => {
  test.each<[string | undefined, object[]]>([
    [undefined, []],
    ['', []],
    ['Basic realm="a, b"', [{ scheme: 'basic', parameters: { realm: 'a, b' } }]],
    [
      'Bearer realm="https://auth.example.com/token",service="r",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.example.com/token',
            service: 'r',
            scope: 'repository:a/b:pull,push',
          },
        },
      ],
    ],
    [
      'BASIC Realm = "x", bearer realm="a \\"b\\"",  SERVICE=plain , error=insufficient_scope',
      [
        { scheme: 'basic', parameters: { realm: 'x' } },
        { scheme: 'bearer', parameters: { realm: 'a "b"', service: 'plain', error: 'insufficient_scope' } },
      ],
    ],
    ['Negotiate, Basic realm=""', [{ scheme: 'negotiate' }, { scheme: 'basic', parameters: { realm: '' } }]],
    ['Bearer realm="a",realm="b"', [{ scheme: 'bearer', parameters: { realm: 'a' } }]],
    ['realm="x", Basic __proto__="y"', [{ scheme: 'basic' }]],
    ['Bearer realm="never ends', [{ scheme: 'bearer' }]],
    ['"', []],
  ])('%s', (header, expected) => {
    expect(parseChallenges(header)).toMatchObject(expected);
    expect(parseChallenges(header)).toHaveLength(expected.length);
  });

  test('is read in no time, however it is made', () => {
    const start = performance.now();
    for (const piece of ['Basic ', 'a=', '"\\', ',', ' ', 'a="', 'a ']) parseChallenges(piece.repeat(20_000));
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

describe('the next page', () => {
  const from = new URL('https://r.example.com/v2/app/tags/list?n=2');
  test.each<[string | undefined, string | null]>([
    [undefined, null],
    ['</v2/app/tags/list?last=b&n=2>; rel="next"', 'https://r.example.com/v2/app/tags/list?last=b&n=2'],
    ['<https://r.example.com/x>; rel=next', 'https://r.example.com/x'],
    ['<?last=b>; rel="next"', 'https://r.example.com/v2/app/tags/list?last=b'],
    ['</a>; rel="prev", </b>; title="x, y"; rel="last next"', 'https://r.example.com/b'],
    ['</a,b>; rel="next"; title="x"', 'https://r.example.com/a,b'],
    ['</a>; rel="nextish"', null],
    ['</a>; rel=nextish', null],
    ['</a>; title="rel=next"', null],
    ['nonsense', null],
  ])('of %s', (header, expected) => {
    expect(nextOf(header, from)?.href ?? null).toBe(expected);
  });

  test.each(['<https://other.example.com/x>', '<http://r.example.com/x>', '<//other/x>', '<http://[>'])(
    'is never at %s',
    (target) => {
      expect(() => nextOf(`${target}; rel="next"`, from)).toThrow('its next page is at another address');
    },
  );

  test('is read in no time, however the header is made', () => {
    const start = performance.now();
    for (const piece of ['<a>; ', '<', ';a="', '<a>;a=b;', '; rel=next']) nextOf(piece.repeat(3000), from);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

test.each<[string | undefined, number | null]>([
  ['3', 3000],
  [' 0 ', 0],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 5000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['soon', null],
  ['', null],
  [undefined, null],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, 5000)).toBe(expected);
});

test.each(['r.example.com', 'ftp://r.example.com', 'https://ana:geheim@r.example.com', 'https://r?x', ''])(
  '%s is no address of a registry, and is not told',
  (url) => {
    const open = () => openRegistry({ url, credentials: async () => null });
    expect(open).toThrow(
      'The address of a registry must be like https://registry.example.com, without more.',
    );
  },
);
