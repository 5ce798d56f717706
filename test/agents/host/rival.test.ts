import { expect, test } from 'vitest';
import { openRival } from '../../../agents/host/rival.ts';

const self = { identity: 'me', epoch: 'now' };
const setup = () => {
  let at = 0;
  const rival = openRival(self, () => at);
  return { rival, pass: (ms: number) => (at += ms) };
};

test('nobody before us is no rival', () => {
  const { rival } = setup();
  expect(rival.saw(null)).toBe(false);
  expect(rival.present()).toBe(false);
});

test('our own last start is no rival', () => {
  const { rival } = setup();
  rival.saw({ identity: 'me', epoch: 'before', ageMs: 100 });
  expect(rival.present()).toBe(false);
});

test('another identity is a rival until it has been silent for long enough', () => {
  const { rival, pass } = setup();
  expect(rival.saw({ identity: 'other', epoch: 'x', ageMs: 5000 })).toBe(true);
  expect(rival.present()).toBe(true);
  pass(39_000);
  expect(rival.present()).toBe(true);
  pass(1000);
  expect(rival.present()).toBe(false);
});

test('an identity that has long been silent is no rival', () => {
  const { rival } = setup();
  rival.saw({ identity: 'other', epoch: 'x', ageMs: 46_000 });
  expect(rival.present()).toBe(false);
});

test('a copy of our state folder that beats between our own heartbeats is a rival', () => {
  const { rival } = setup();
  rival.saw(null);
  rival.saw({ identity: 'me', epoch: 'copy', ageMs: 7000 });
  expect(rival.present()).toBe(true);
});

test('a clock that was set back makes nobody live longer', () => {
  const { rival, pass } = setup();
  rival.saw({ identity: 'other', epoch: 'x', ageMs: -3_600_000 });
  expect(rival.present()).toBe(true);
  pass(45_000);
  expect(rival.present()).toBe(false);
});
