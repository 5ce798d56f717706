import { describe, expect, it } from 'vitest';
import { renderMessage } from '../../../playground/slack/index.ts';

const md = (text: string) => ({ type: 'mrkdwn', text });
const plain = (text: string) => ({ type: 'plain_text', text });
const section = (text: string) => ({ type: 'section', text: md(text) });
const render = (...blocks: { type: string }[]) => renderMessage({ text: 'fallback', blocks });

describe('renderMessage', () => {
  it.each([
    ['*3 images* · _1.2 GB_ ~old~', '3 images · 1.2 GB old'],
    ['`a*b*` and ```c _d_```', '`a*b*` and ```c _d_```'],
    ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
    ['by <@U0ANA>, <@U0XYZ|zed> of <!subteam^S0SRE>', 'by @ana, @zed of @sre'],
    ['until <!date^1700000000^{time}|10:15 UTC>', 'until 10:15 UTC'],
    ['<https://x.io|docs> <https://y.io> <#C0OPS> <!here>', 'docs (https://x.io) https://y.io #ops @here'],
    ['a &lt;b&gt; &amp;amp; &lt;@U0ANA&gt;', 'a <b> &amp; <@U0ANA>'],
  ])('reads %s', (text, line) => {
    expect(render(section(text))).toEqual([line]);
  });

  it('takes the names it is given', () => {
    expect(renderMessage({ text: 'hi <@U0ANA>' }, { user: () => 'Ana' })).toEqual(['hi @Ana']);
  });

  it('renders each kind of block in order', () => {
    const lines = render(
      { type: 'header', text: plain('Plan *1*') } as never,
      {
        type: 'section',
        fields: [md('*Host*\nhost-3'), md('two')],
        accessory: { type: 'button', text: plain('Show') },
      } as never,
      { type: 'context', elements: [md('*a*'), plain('b')] } as never,
      { type: 'divider' },
      {
        type: 'actions',
        elements: [
          { type: 'button', text: plain('Delete 3 images') },
          { type: 'static_select', placeholder: plain('Choose') },
        ],
      } as never,
      {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              { type: 'text', text: 'by ' },
              { type: 'user', user_id: 'U0BO' },
              { type: 'text', text: ' <x>\n', style: {} },
            ],
          },
          {
            type: 'rich_text_list',
            style: 'ordered',
            elements: [
              {
                type: 'rich_text_section',
                elements: [{ type: 'text', text: 'app:1', style: { code: true } }],
              },
            ],
          },
        ],
      } as never,
      {
        type: 'table',
        column_settings: [null, { align: 'right' }],
        rows: [
          [
            { type: 'raw_text', text: 'image' },
            { type: 'raw_text', text: 'size' },
          ],
          [
            { type: 'raw_text', text: 'app' },
            { type: 'raw_number', value: 10, text: '10 MB' },
          ],
        ],
      } as never,
    );
    expect(lines).toEqual([
      'Plan *1*',
      'Host',
      'host-3',
      'two',
      '[Show]',
      'a · b',
      '────────',
      '[Delete 3 images] [Choose ▾]',
      'by @bo <x>',
      '1. `app:1`',
      'image   size',
      'app    10 MB',
    ]);
  });

  it('shows files, and the text where there are no blocks', () => {
    const files = [{ id: 'F1', name: 'plan.csv', title: 'plan', size: 12_345 }];
    expect(renderMessage({ text: '', files })).toEqual(['📎 plan.csv (12.3 kB)']);
    expect(renderMessage({ text: 'one\n*two*' })).toEqual(['one', 'two']);
  });
});
