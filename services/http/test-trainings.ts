/** Trainings in memory for tests of the HTTP surface: the documented ones. */
import { Conflict } from '../control-plane.ts'
import type { TrainingControl } from '../trainings/control.ts'
import { TrainingRefused } from '../trainings/training.ts'
import * as examples from './examples-trainings.ts'

export interface TestTrainings {
  readonly control: TrainingControl
  /** What was asked for, in words. */
  readonly asked: string[]
}

export function createTestTrainings(): TestTrainings {
  const asked: string[] = []
  const known = (number: number) => number === 1
  return {
    asked,
    control: {
      list: () => [examples.running],
      read: (number) => (known(number) ? examples.view : undefined),
      async start({ training, seeds, steps, why }, actor) {
        if (training === 'unknown')
          throw new TrainingRefused([
            { field: 'training', value: training, allowed: 'a file, or a shipped one: smoke' },
          ])
        if (training === 'shipped') throw new Conflict('4 trainings wait already, and 4 may')
        const what = typeof training === 'string' ? training : 'settings'
        asked.push(`start ${what} ${seeds ?? 'own'} ${steps ?? 'all'} ${actor} ${why}`)
        return examples.begun
      },
      async cancel(number, actor, why) {
        if (number === 9) throw new Conflict('training 9 has ended: it is done')
        if (!known(number)) return undefined
        asked.push(`cancel ${number} ${actor} ${why}`)
        return examples.cancelled
      },
      async resume(number, actor) {
        if (!known(number)) return undefined
        asked.push(`resume ${number} ${actor}`)
        return examples.begun
      },
      async remove(number, actor) {
        if (!known(number)) return false
        asked.push(`remove ${number} ${actor}`)
        return true
      },
    },
  }
}
