/** TEST-ONLY: a training of two seeds in the shapes of the API, a round of it every tick. */
import type { ControlEvent } from '../../control-plane.ts'
import * as examples from '../../http/examples-trainings.ts'
import type { TrainingView } from '../../trainings/training.ts'

const ROUNDS = 60
const ROUND_STEPS = 4608
const FIRST_ROUNDS = 12

function roundOf(n: number, seed: number) {
  const known = examples.view.curves[0]!.rounds[0]!
  const learned = 1 - Math.exp(-n / 15)
  const noise = Math.sin(7 * n + seed) / 40
  return {
    ...known,
    ...{ round: n, steps: n * ROUND_STEPS },
    explored: -0.4 + 0.35 * learned + noise,
    exploredDeviation: 0.12 - 0.08 * learned,
    gain: -0.1 + 0.12 * learned + noise / 2,
    statistics: { entropy: 2.3 - 1.6 * learned, valueLoss: 0.9 * Math.exp(-n / 10) + 0.05 },
  }
}

export function createSyntheticTrainings() {
  const run = { learner: 'ppo', rounds: ROUNDS, roundSteps: ROUND_STEPS, end: null, best: null }
  const seeds = [1, 2]
  let training: TrainingView = {
    ...examples.view,
    ...{ number: 2, name: 'shipped', why: 'a week of new load', steps: 2 * ROUNDS * ROUND_STEPS },
    runs: seeds.map((seed) => ({ ...run, folder: `seed-${seed}`, seed, done: 0 })),
    curves: seeds.map((seed) => ({ folder: `seed-${seed}`, rounds: [] })),
  }
  /** The next round of the run that is behind. */
  function step() {
    const k = training.runs[0]!.done <= training.runs[1]!.done ? 0 : 1
    const { seed, folder, done } = training.runs[k]!
    const round = roundOf(done + 1, seed)
    const runs = training.runs.map((one, i) => (i === k ? { ...one, done: done + 1 } : one))
    const stepsDone = runs.reduce((sum, one) => sum + one.done * ROUND_STEPS, 0)
    training = {
      ...training,
      ...{ runs, stepsDone, etaMs: 20 * (training.steps - stepsDone) },
      curves: training.curves.map((curve, i) =>
        i === k ? { ...curve, rounds: [...curve.rounds, round] } : curve,
      ),
    }
    return { folder, round }
  }
  const told = (round: ReturnType<typeof step> | null): ControlEvent => {
    const { folder: _, curves: __, ...plain } = training
    return { kind: 'training', data: { training: plain, round } }
  }
  for (let k = 0; k < 2 * FIRST_ROUNDS; k++) step()
  return {
    list: () => [training],
    read: (number: number) => (number === training.number ? training : undefined),
    /** What a tick brings. */
    advance(): ControlEvent[] {
      const isOver = training.runs.every(({ done }) => done === ROUNDS)
      return training.state === 'running' && !isOver ? [told(step())] : []
    },
    /** Cancels or resumes it, and tells of it. */
    ask(what: string): ControlEvent {
      const isCancelled = what === 'cancel'
      training = {
        ...training,
        state: isCancelled ? 'cancelled' : 'running',
        detail: isCancelled ? 'cancelled: on the dashboard' : null,
        etaMs: null,
      }
      return told(null)
    },
  }
}
export type SyntheticTrainings = ReturnType<typeof createSyntheticTrainings>
