/** Last value: the future is like the newest step (FPP3 §5.2, "naïve method"). Needs nothing, so it is the last fallback. */
import { z } from 'zod'
import type { ForecastModel } from '../model.ts'
import { clampToPath, usable } from '../plain-data.ts'
import { newPath } from './path-storage.ts'

const LastValueState = z.strictObject({ last: z.number().min(0) })
export interface LastValueState {
  last: number
}

export const lastValue: ForecastModel<LastValueState> = {
  kind: 'last-value',
  fit(history) {
    for (let i = history.length - 1; i >= 0; i--) {
      const value = usable(history[i]!)
      if (!Number.isNaN(value)) return { last: value }
    }
    return { last: 0 }
  },
  update(state, value) {
    const known = usable(value)
    if (!Number.isNaN(known)) state.last = known
    return state
  },
  next: (state) => clampToPath(state.last),
  predict: (state, horizonSteps) => newPath(horizonSteps).fill(clampToPath(state.last)),
  components: (state, horizonSteps) => [
    { name: 'level', values: lastValue.predict(state, horizonSteps) },
  ],
  read: (stored) => LastValueState.parse(stored),
}
