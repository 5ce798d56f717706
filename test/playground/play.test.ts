import type { KnownBlock } from '@slack/types';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { play } from '../../playground/play.ts';
import { parseScript } from '../../playground/script.ts';
import { type Fixture, withClient } from './slack/_app.ts';

describe('a script', () => {
  let fixture: Fixture;
  let printed: string[];
  beforeEach(async () => {
    fixture = await withClient();
    printed = [];
  });
  afterEach(() => fixture.end());

  const plays = (script: string) =>
    play(
      { slack: fixture.slack, channel: 'C0OPS', stillMs: 300, print: (line) => printed.push(line) },
      parseScript(script),
    );
  const button = (label: string) => ({
    ...{ type: 'button', action_id: label, value: '1' },
    text: { type: 'plain_text', text: label },
  });
  const posts = (text: string, labels: string[] = [], event_type = 'dimg_run') =>
    fixture.client.chat.postMessage({
      ...{ channel: 'C0OPS', text, metadata: { event_type, event_payload: { run: 1 } } },
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text } },
        ...(labels.length === 0 ? [] : [{ type: 'actions', elements: labels.map(button) }]),
      ] as KnownBlock[],
    });

  test.each([
    ['ana: [Undo]', 'line 1: the newest card, #2 done, has no button [Undo]; it has none.'],
    [
      '# first\n\nana: [Approve #1]',
      'line 3: #1 proposed has no button [Approve]; it has [Delete], [Cancel].',
    ],
    ['ana: [Undo #3]', 'line 1: there is no card of #3, so no button [Undo].'],
  ])('that presses a button which is not there ends soon, with a sentence: %s', async (script, words) => {
    await posts('#1 proposed · prune host-1 · 1 image', ['Delete', 'Cancel']);
    await posts('#2 done · prune host-1 · deleted 1 of 1, 0 B');
    await posts('#1 executing · prune host-1 · as it was shown', [], 'other');
    const started = Date.now();
    await expect(plays(script)).rejects.toThrow(new Error(words));
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  test('waits for a button as long as a run is under way', async () => {
    const { ts = '' } = await posts('#1 planning · prune host-1 · looking at what would go');
    const played = plays('ana: [Delete]');
    const early = await Promise.race([
      played.catch(String),
      new Promise((resolve) => setTimeout(resolve, 900, 'waits')),
    ]);
    expect(early).toBe('waits');
    await fixture.client.chat.update({ channel: 'C0OPS', ts, text: '#1 empty · prune host-1 · nothing' });
    await expect(played).rejects.toThrow('line 1: the newest card, #1 empty, has no button [Delete]');
  });

  test('shows the first lines of a file that is posted', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => `${i},prune`).join('\r\n');
    await fixture.client.filesUploadV2({ channel_id: 'C0OPS', filename: 'a.csv', content: `${rows}\r\n` });
    await plays('wait 1ms');
    const at = printed.findIndex((line) => line.includes('📎 a.csv'));
    expect(printed.slice(at + 1)).toEqual([
      ...[0, 1, 2, 3, 4].map((i) => `  │   ${i},prune`),
      '  │   … 4 more',
    ]);
  });
});
