/** What every panel is given: the API, a way to report failures, and what the reader chose to see. */
import type { Api } from '../data/api.ts'
import type { State } from '../data/state.ts'
import type { Clock, DemoDay } from './time.ts'

export interface Context {
  readonly api: Api
  /** Runs a write; a failure is shown as a sentence, and the control is busy meanwhile. */
  act(control: HTMLButtonElement | HTMLSelectElement, work: () => Promise<unknown>): Promise<void>
  /** Asks for the demo's spikes again. */
  refreshDemo(): Promise<void>
  /** Says that somebody has seen an alert. */
  acknowledge(alertId: string): Promise<void>
  /** Opens "why this number". */
  explain(decisionId: string): void
}

export interface Choices {
  readonly clock: Clock
  readonly windowMs: number
}

export interface Panel {
  readonly element: HTMLElement
  update(state: State, choices: Choices): void
}

export function demoDay(state: State): DemoDay | null {
  const { demo } = state
  return demo && demo.epochMs !== null ? { epochMs: demo.epochMs, dayMs: demo.dayMs } : null
}
