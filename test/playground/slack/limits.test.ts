import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, withClient } from './_app.ts';

const x = (length: number) => 'x'.repeat(length);
const plain = (text: string) => ({ type: 'plain_text', text });
const md = (text: string) => ({ type: 'mrkdwn', text });
const section = (rest: object = {}) => ({ type: 'section', text: md('hi'), ...rest });
const button = (rest: object = {}) => ({ type: 'button', text: plain('Go'), ...rest });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const many = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));
const option = (index: number) => ({ text: plain(`o${index}`), value: `v${index}` });
const select = (options: object[]) => ({ type: 'static_select', options });
const cell = (text: string) => ({ type: 'raw_text', text });
const table = (rows: object[][]) => ({ type: 'table', rows });
const rich = (...elements: object[]) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements }],
});
const confirm = (rest: object) => ({
  title: plain('Sure?'),
  text: plain('Really'),
  confirm: plain('Yes'),
  deny: plain('No'),
  ...rest,
});

type Case = readonly [name: string, blocks: object[], error: string, detail: string];

const REFUSED: Case[] = [
  [
    '51 blocks',
    many(51, () => section()),
    'invalid_blocks',
    'no more than 50 items allowed [json-pointer:/blocks]',
  ],
  [
    'a section of 3001',
    [{ type: 'section', text: md(x(3001)) }],
    'invalid_blocks',
    'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
  ],
  [
    'an empty text',
    [{ type: 'section', text: md('') }],
    'invalid_blocks',
    'must be more than 0 characters [json-pointer:/blocks/0/text/text]',
  ],
  [
    'a section without anything',
    [{ type: 'section' }],
    'invalid_blocks',
    'must provide either text or fields',
  ],
  [
    '11 fields',
    [{ type: 'section', fields: many(11, () => md('f')) }],
    'invalid_blocks',
    'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
  ],
  [
    'a field of 2001',
    [{ type: 'section', fields: [md(x(2001))] }],
    'invalid_blocks',
    'must be less than 2001 characters',
  ],
  [
    'a header of 151',
    [{ type: 'header', text: plain(x(151)) }],
    'invalid_blocks',
    'must be less than 151 characters',
  ],
  [
    'a mrkdwn header',
    [{ type: 'header', text: md('x') }],
    'invalid_blocks',
    'unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]',
  ],
  [
    '11 context elements',
    [{ type: 'context', elements: many(11, () => md('c')) }],
    'invalid_blocks',
    'no more than 10 items allowed',
  ],
  [
    'an empty context text',
    [{ type: 'context', elements: [md('')] }],
    'invalid_blocks',
    'must be more than 0 characters [json-pointer:/blocks/0/elements/0/text]',
  ],
  ['26 actions', [actions(...many(26, () => button()))], 'invalid_blocks', 'no more than 25 items allowed'],
  ['no actions', [actions()], 'invalid_blocks', 'no less than 1 items allowed'],
  [
    'a button text of 76',
    [actions(button({ text: plain(x(76)) }))],
    'invalid_blocks',
    'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
  ],
  ['a mrkdwn button', [actions(button({ text: md('x') }))], 'invalid_blocks', 'unsupported type: mrkdwn'],
  [
    'a value of 2001',
    [actions(button({ value: x(2001) }))],
    'invalid_blocks',
    'must be less than 2001 characters',
  ],
  [
    'a green button',
    [actions(button({ style: 'green' }))],
    'invalid_blocks',
    'unsupported style: green [json-pointer:/blocks/0/elements/0/style]',
  ],
  [
    'an unknown button key',
    [actions(button({ colour: 1 }))],
    'invalid_blocks',
    'invalid additional property: colour [json-pointer:/blocks/0/elements/0]',
  ],
  [
    'an action_id of 256',
    [actions(button({ action_id: x(256) }))],
    'invalid_blocks',
    'must be less than 256 characters',
  ],
  [
    'a block_id of 256',
    [section({ block_id: x(256) })],
    'invalid_blocks',
    'must be less than 256 characters [json-pointer:/blocks/0/block_id]',
  ],
  [
    'a block_id twice',
    [section({ block_id: 'b' }), section({ block_id: 'b' })],
    'invalid_blocks',
    'already exists [json-pointer:/blocks/1/block_id]',
  ],
  [
    'an action_id twice',
    [actions(button({ action_id: 'a' }), button({ action_id: 'a' }))],
    'invalid_blocks',
    'already exists',
  ],
  [
    'a confirm title of 101',
    [actions(button({ confirm: confirm({ title: plain(x(101)) }) }))],
    'invalid_blocks',
    'must be less than 101 characters',
  ],
  [
    'a confirm text of 301',
    [actions(button({ confirm: confirm({ text: md(x(301)) }) }))],
    'invalid_blocks',
    'must be less than 301 characters',
  ],
  [
    'a confirm button of 31',
    [actions(button({ confirm: confirm({ deny: plain(x(31)) }) }))],
    'invalid_blocks',
    'must be less than 31 characters',
  ],
  ['101 options', [actions(select(many(101, option)))], 'invalid_blocks', 'no more than 100 items allowed'],
  ['no options', [actions(select([]))], 'invalid_blocks', 'no less than 1 items allowed'],
  [
    'an option text of 76',
    [actions(select([{ text: plain(x(76)), value: 'v' }]))],
    'invalid_blocks',
    'must be less than 76 characters',
  ],
  [
    'a mrkdwn option in a select',
    [actions(select([{ text: md('x'), value: 'v' }]))],
    'invalid_blocks',
    'unsupported type: mrkdwn',
  ],
  [
    '6 overflow options',
    [actions({ type: 'overflow', options: many(6, option) })],
    'invalid_blocks',
    'no more than 5 items allowed',
  ],
  [
    '11 checkboxes',
    [actions({ type: 'checkboxes', options: many(11, option) })],
    'invalid_blocks',
    'no more than 10 items allowed',
  ],
  [
    'text input among actions',
    [actions({ type: 'plain_text_input' })],
    'invalid_blocks',
    'unsupported type: plain_text_input',
  ],
  [
    'an unknown block',
    [{ type: 'carousel2' }],
    'invalid_blocks',
    'unsupported type: carousel2 [json-pointer:/blocks/0/type]',
  ],
  [
    'a block without type',
    [{ text: 'x' }],
    'invalid_blocks',
    'missing required field: type [json-pointer:/blocks/0]',
  ],
  [
    'an image without source',
    [{ type: 'image', alt_text: 'x' }],
    'invalid_blocks',
    'must provide either image_url or slack_file',
  ],
  [
    'two tables',
    [table([[cell('a')]]), table([[cell('b')]])],
    'invalid_attachments',
    'only_one_table_allowed',
  ],
  ['101 rows', [table(many(101, () => [cell('a')]))], 'invalid_blocks', 'no more than 100 items allowed'],
  ['21 cells', [table([many(21, () => cell('a'))])], 'invalid_blocks', 'no more than 20 items allowed'],
  [
    'an empty cell',
    [table([[cell('')]])],
    'invalid_blocks',
    'must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]',
  ],
  ['an empty rich cell', [table([[rich()]])], 'invalid_blocks', 'cell must not be empty'],
  [
    'an empty rich text',
    [rich({ type: 'text', text: '' })],
    'invalid_blocks',
    'must be more than 0 characters',
  ],
  [
    'an unknown rich element',
    [rich({ type: 'mrkdwn', text: 'x' })],
    'invalid_blocks',
    'unsupported type: mrkdwn',
  ],
  [
    'a markdown of 12001',
    [{ type: 'markdown', text: x(12_001) }],
    'invalid_blocks',
    'must be less than 12001 characters',
  ],
  [
    'markdown of 12001 in two',
    [
      { type: 'markdown', text: x(6000) },
      { type: 'markdown', text: x(6001) },
    ],
    'msg_blocks_too_long',
    'markdown',
  ],
  [
    '12001 characters in sections',
    [...many(4, () => ({ type: 'section', text: md(x(3000)) })), section()],
    'msg_blocks_too_long',
    'text of all blocks',
  ],
];

const ACCEPTED: readonly (readonly [string, object[]])[] = [
  ['50 blocks', many(50, () => section())],
  ['a section of 3000', [{ type: 'section', text: md(x(3000)) }]],
  [
    '25 actions',
    [actions(...many(25, (index) => button({ action_id: `a${index}`, style: 'danger', value: x(2000) })))],
  ],
  [
    'the same action_id in two blocks',
    [actions(button({ action_id: 'a' })), actions(button({ action_id: 'a' }))],
  ],
  ['100 options', [section({ accessory: select(many(100, option)) })]],
  ['100 × 20 cells', [table(many(100, () => many(20, () => cell('a'))))]],
  [
    'rich text',
    [rich({ type: 'text', text: 'x', style: { bold: true } }, { type: 'user', user_id: 'U0ANA' })],
  ],
  ['a confirm', [actions(button({ confirm: confirm({ style: 'danger' }) }))]],
  [
    'the rest',
    [{ type: 'divider' }, { type: 'header', text: plain('h') }, { type: 'context', elements: [md('c')] }],
  ],
];

describe('messages', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await withClient();
  });
  afterAll(() => fixture.end());

  it.each(REFUSED)('refuses %s', async (_name, blocks, error, detail) => {
    const call = fixture.client.chat.postMessage({ channel: 'C0OPS', text: 'x', blocks: blocks as never });
    const refused = await call.then(
      () => undefined,
      (reason: { data: { error: string; response_metadata: { messages: string[] } } }) => reason.data,
    );
    expect(refused?.error).toBe(error);
    expect(refused?.response_metadata.messages.join('\n')).toContain(detail);
    expect(refused?.response_metadata.messages[0]).toMatch(/^\[ERROR\] /);
    expect(fixture.slack.rejected.at(-1)).toMatchObject({ method: 'chat.postMessage', error });
  });

  it.each(ACCEPTED)('accepts %s', async (_name, blocks) => {
    const answer = await fixture.client.chat.postMessage({
      channel: 'C0OPS',
      text: 'x',
      blocks: blocks as never,
    });
    expect(answer.ok).toBe(true);
  });

  it.each([
    ['nothing', {}, 'no_text'],
    ['an empty text', { text: '' }, 'no_text'],
    ['40 001 characters', { text: x(40_001) }, 'msg_too_long'],
    ['blocks that are not JSON', { blocks: '[{' }, 'invalid_blocks_format'],
    ['attachments', { text: 'x', attachments: [{ text: 'a' }] }, 'invalid_attachments'],
    ['metadata without payload', { text: 'x', metadata: { event_type: 'e' } }, 'invalid_metadata_format'],
    [
      'metadata with more',
      { text: 'x', metadata: { event_type: 'e', event_payload: {}, more: 1 } },
      'invalid_metadata_format',
    ],
    [
      'metadata of 9 kB',
      { text: 'x', metadata: { event_type: 'e', event_payload: { a: x(9000) } } },
      'metadata_too_large',
    ],
    ['a thread that is none', { text: 'x', thread_ts: '1700000000.000001' }, 'thread_not_found'],
    ['an odd thread_ts', { text: 'x', thread_ts: 'soon' }, 'invalid_arguments'],
    ['a channel by name', { text: 'x', channel: 'ops' }, 'channel_not_found'],
  ] as const)('refuses %s', async (_name, rest, error) => {
    const call = fixture.client.apiCall('chat.postMessage', { channel: 'C0OPS', ...rest });
    await expect(call).rejects.toMatchObject({ data: { error } });
  });

  it('warns of blocks without text, and of arguments nobody knows', async () => {
    await fixture.client.apiCall('chat.postMessage', {
      channel: 'C0OPS',
      blocks: [section()],
      colour: 'red',
    });
    expect(fixture.slack.warnings.map((one) => one.warning)).toEqual([
      'superfluous_argument: colour',
      'missing_text_in_message',
    ]);
  });
});

describe('views', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await withClient();
  });
  afterAll(() => fixture.end());
  const modal = (rest: object) => ({ type: 'modal', title: plain('Title'), blocks: [section()], ...rest });
  const field = { type: 'input', label: plain('l'), element: { type: 'plain_text_input' } };

  it.each([
    [
      'a title of 25',
      modal({ title: plain(x(25)) }),
      'must be less than 25 characters [json-pointer:/view/title/text]',
    ],
    ['no title', { type: 'modal', blocks: [] }, 'missing required field: title [json-pointer:/view]'],
    ['a submit of 25', modal({ submit: plain(x(25)) }), 'must be less than 25 characters'],
    [
      '101 blocks',
      modal({ blocks: many(101, () => section()) }),
      'no more than 100 items allowed [json-pointer:/view/blocks]',
    ],
    ['private_metadata of 3001', modal({ private_metadata: x(3001) }), 'must be less than 3001 characters'],
    [
      'a table',
      modal({ blocks: [table([[cell('a')]])] }),
      'unsupported type: table [json-pointer:/view/blocks/0/type]',
    ],
    ['input without submit', modal({ blocks: [field] }), 'missing required field: submit'],
    ['a home', { type: 'home', blocks: [] }, 'unsupported type: home'],
    [
      'an option text of 76',
      modal({
        submit: plain('Go'),
        blocks: [{ ...field, element: select([{ text: plain(x(76)), value: 'v' }]) }],
      }),
      'must be less than 76 characters [json-pointer:/view/blocks/0/element/options/0/text/text]',
    ],
  ])('refuses %s', async (_name, view, detail) => {
    const call = fixture.client.views.open({ trigger_id: 'any', view: view as never });
    await expect(call).rejects.toMatchObject({ data: { error: 'invalid_arguments' } });
    expect(fixture.slack.rejected.at(-1)?.detail.join('\n')).toContain(detail);
  });

  it('refuses a view over 250 kB, and a Home with a title', async () => {
    const huge = modal({
      blocks: many(100, () => ({ type: 'section', fields: many(2, () => md(x(1990))) })),
    });
    await expect(fixture.client.views.open({ trigger_id: 'any', view: huge as never })).rejects.toMatchObject(
      { data: { error: 'view_too_large' } },
    );
    const home = { type: 'home', title: plain('x'), blocks: [] };
    await expect(
      fixture.client.views.publish({ user_id: 'U0ANA', view: home as never }),
    ).rejects.toMatchObject({ data: { error: 'invalid_arguments' } });
  });
});
