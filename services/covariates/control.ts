/** What HTTP may ask of the calendar. */
import type { CovariateEvent, NewEvent } from './event.ts'

export interface CovariateControl {
  /** Of the calendar, and holidays, of which some part lies in [fromMs, toMs). */
  events(fromMs: number, toMs: number): readonly CovariateEvent[]
  /** Events given again replace those that are there. Models know of them from the next fit on, forecasts at once. */
  put(events: readonly NewEvent[], actor: string): Promise<readonly CovariateEvent[]>
  /** Undefined when there is none. */
  remove(id: string, actor: string): Promise<CovariateEvent | undefined>
}
