/** Trainings, as the API's documentation and tests show them. */
import type { Training, TrainingView } from '../trainings/training.ts'
import { policy } from './examples-rollouts.ts'

const AT_MS = Date.parse('2026-11-21T08:00:00Z')
const MINUTE_MS = 60_000

export const request = { training: 'smoke', seeds: [1, 2], steps: 480, why: 'to try' }

const run = { learner: 'ppo', rounds: 2, roundSteps: 240 }

export const queued: Training = {
  ...{ number: 1, name: 'smoke', state: 'queued', steps: 960, stepsDone: 0, etaMs: null },
  runs: [
    { ...run, folder: 'seed-1', seed: 1, done: 0, end: null, best: null },
    { ...run, folder: 'seed-2', seed: 2, done: 0, end: null, best: null },
  ],
  ...{ checkpointAtMs: null, restarts: 0, policy: null, askedBy: 'http', why: 'to try' },
  ...{ askedAtMs: AT_MS, startedAtMs: null, endedAtMs: null, detail: null },
}

const judged = {
  ...{ reward: -0.012, gain: 0.021, plainGain: 0, costRatio: 0.981 },
  ...{ violations: 0.0094, plainViolations: 0.0093 },
}

const round = {
  ...judged,
  ...{ round: 1, steps: 240, explored: -0.081, exploredDeviation: 0.024 },
  objectives: [{ objective: 0.99, ...judged }],
  statistics: { policyLoss: -0.013, valueLoss: 0.42, entropy: 2.29 },
}

export const running: Training = {
  ...queued,
  ...{ state: 'running', stepsDone: 240, etaMs: 3 * MINUTE_MS, startedAtMs: AT_MS + 1000 },
  runs: [{ ...queued.runs[0]!, done: 1 }, queued.runs[1]!],
  checkpointAtMs: AT_MS + MINUTE_MS,
}

const folder = '/var/lib/forescale/trainings/1'

export const begun: TrainingView = {
  ...queued,
  folder,
  curves: [
    { folder: 'seed-1', rounds: [] },
    { folder: 'seed-2', rounds: [] },
  ],
}

export const view: TrainingView = {
  ...running,
  folder,
  curves: [
    { folder: 'seed-1', rounds: [round] },
    { folder: 'seed-2', rounds: [] },
  ],
}

export const cancelled: TrainingView = {
  ...view,
  ...{ state: 'cancelled', etaMs: null, detail: 'cancelled: not today' },
  endedAtMs: AT_MS + 2 * MINUTE_MS,
}

export const done: TrainingView = {
  ...view,
  ...{ state: 'done', stepsDone: 960, etaMs: null, policy: policy.version },
  runs: view.runs.map((one) => ({
    ...{ ...one, done: 2, end: 'rounds' as const },
    best: { round: 1, gain: 0.021 },
  })),
  endedAtMs: AT_MS + 4 * MINUTE_MS,
}
