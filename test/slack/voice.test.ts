import { WebAPIRequestError, type WebClient } from '@slack/web-api';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { say } from '../../src/domain/markup.ts';
import { openVoice } from '../../src/slack/voice.ts';
import { silent } from '../store/_redis.ts';

const refusedConnection = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
const timeout = new DOMException('too late', 'TimeoutError');

describe('a message to a channel', () => {
  const failing = (error: Error) => {
    const postMessage = vi.fn(async () => Promise.reject(new WebAPIRequestError(error)));
    const client = { chat: { postMessage } } as unknown as WebClient;
    const voice = openVoice(client, { sleep: async () => {} }, silent);
    return { postMessage, posted: voice.post('C0OPS', { lines: [say`hello`] }) };
  };

  test('that Slack perhaps took is to be looked for before it is asked for again', async () => {
    const { posted, postMessage } = failing(timeout);
    await expect(posted).rejects.toThrow(
      'Slack did not say whether it took the message: look whether it is there before you ask again.',
    );
    expect(postMessage).toHaveBeenCalledTimes(1);
  });

  test('that never reached Slack can be asked for again', async () => {
    await expect(failing(refusedConnection).posted).rejects.toThrow(
      'Slack did not take the message: try again.',
    );
  });
});

describe('a private answer', () => {
  afterEach(() => vi.unstubAllGlobals());
  /** What was sent, until nothing more is. Every page goes to the same address. */
  async function sent(answers: (text: string) => Response | Error): Promise<string[]> {
    const texts: string[] = [];
    vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
      texts.push(body.includes('line 0 ') ? 'first' : 'second');
      const answer = answers(texts.at(-1) as string);
      if (answer instanceof Error) throw answer;
      return answer;
    });
    let naps = 0;
    const sleep = async () => void naps++;
    const voice = openVoice({} as WebClient, { sleep }, silent);
    const lines = Array.from({ length: 100 }, (_, i) => say`line ${i} ${'x'.repeat(200)}`);
    await voice.reply('https://slack.example/reply', { lines });
    for (let before = -1; before !== texts.length + naps; ) {
      before = texts.length + naps;
      await new Promise(setImmediate);
    }
    return texts;
  }
  const ok = () => new Response('ok');

  test('that Slack perhaps took is sent once more at most, and those behind it all the same', async () => {
    const texts = await sent((text) => (text === 'first' ? timeout : ok()));
    expect(texts.filter((text) => text === 'first')).toHaveLength(2);
    expect(texts.slice(2).length).toBeGreaterThan(0);
    expect(new Set(texts.slice(2))).toEqual(new Set(['second']));
  });

  test('that never reached Slack is tried for some minutes', async () => {
    const failed = Object.assign(new TypeError('fetch failed'), { cause: refusedConnection });
    expect(await sent(() => failed)).toEqual(['first', 'first', 'first', 'first']);
  });
});
