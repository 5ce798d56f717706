import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { differences } from './dialect/table.ts';

const PAGE = join(import.meta.dirname, '../../docs/engines.md');
/** From here on the page is written by hand. */
const REST = '## What dimg makes of it\n';
const AGAIN = 'DIMG_WRITE_PAGE=1 npx vitest run test/contract/engines-page.test.ts';

test('docs/engines.md says what the dialects say', () => {
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const [, rest = '\n<!-- what dimg makes of it -->\n'] = page.split(REST);
  const right = `${differences()}\n${REST}${rest}`;
  if (process.env.DIMG_WRITE_PAGE) writeFileSync(PAGE, right);
  else expect(page === right, `The page is not what the dialects give. Write it anew: ${AGAIN}`).toBe(true);
});
