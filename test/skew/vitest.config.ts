import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [process.env.DIMG_RECORD ? 'test/skew/record.ts' : 'test/skew/stories.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
