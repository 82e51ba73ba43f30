/**
 * Two suites. `unit` (*.test.ts): fast, as many files at once as there are cores. `e2e` (*.e2e.test.ts): starts real
 * processes, so one file at a time unless FORESCALE_E2E_WORKERS says how many, and with long limits. Run one with
 * `vitest run --project unit`.
 */
import { defineConfig } from 'vitest/config'

/** Most of an e2e test is waiting: on two cores that do nothing else, two files side by side take half the time. */
const E2E_WORKERS = Number(process.env.FORESCALE_E2E_WORKERS ?? 1)
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
          // by itself it leaves one core idle, which is half of a machine with two
          maxWorkers: '100%',
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude: SKIPPED,
          fileParallelism: E2E_WORKERS > 1,
          maxWorkers: E2E_WORKERS,
          testTimeout: 180_000,
          expect: { poll: { timeout: 15_000 } },
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
