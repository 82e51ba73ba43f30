/** What a changed setting means for the page. */
import type { State } from './state.ts'

export function onSetting(state: State, key: string, value: unknown): State {
  if (key === 'paused' && typeof value === 'boolean') return { ...state, paused: value }
  if (key === 'mode' && (value === 'off' || value === 'recommend' || value === 'enforce')) {
    return { ...state, mode: value }
  }
  if (key === 'budget' && typeof value === 'number' && state.budget) {
    return { ...state, budget: { ...state.budget, costBudgetPerHour: value } }
  }
  return state
}
