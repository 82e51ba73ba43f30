/**
 * Two suites. `unit` (*.test.ts): fast, many files at once. `e2e` (*.e2e.test.ts): starts real processes, so one file
 * at a time and with long limits. Run one with `vitest run --project unit`.
 */
import { defineConfig } from 'vitest/config'

const SKIPPED = ['**/node_modules/**', '**/dist/**', '**/.forescale/**']

export default defineConfig({
  test: {
    pool: 'forks',
    setupFiles: ['./vitest.setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...SKIPPED, '**/*.e2e.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude: SKIPPED,
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
