import { z } from 'zod';
import { say } from '../domain/markup.ts';
import { askedWords, standing, whoMay } from '../domain/waiting.ts';
import { defineCommand } from './_define.ts';

export default defineCommand({
  kind: 'answer',
  audience: 'caller',
  summary: 'what waits, and for whom',
  words: z.strictObject({}),
  options: z.strictObject({}),
  examples: ['pending'],
  async answer(_input, desk) {
    const runs = await desk.openRuns();
    return {
      lines:
        runs.length === 0
          ? [say`Nothing waits.`]
          : runs.map((run) => say`• ${askedWords(run)} · ${standing(run, whoMay(run, desk.rights))}`),
    };
  },
});
