/** What people ask of trainings. */
import { Conflict } from '../control-plane.ts'
import type { Training, TrainingRequest, TrainingView } from './training.ts'

/** All throw Conflict when a request cannot be met as things stand; undefined: there is none of that number. */
export interface TrainingControl {
  /** Newest first. */
  list(): readonly Training[]
  read(number: number): TrainingView | undefined
  /** Queues one. Throws TrainingRefused for what cannot be trained. */
  start(request: TrainingRequest, actor: string): Promise<TrainingView>
  /** Ends one that runs or waits; it can be resumed. */
  cancel(number: number, actor: string, why: string): Promise<TrainingView | undefined>
  /** Queues one again that was cancelled or failed; it goes on from its last round. */
  resume(number: number, actor: string): Promise<TrainingView | undefined>
  /** Ends it where it has not ended, and removes it with its files. False: there is none. */
  remove(number: number, actor: string): Promise<boolean>
}

/** Of a controller that keeps no files. */
export const NO_TRAININGS: TrainingControl = {
  list: () => [],
  read: () => undefined,
  async start() {
    throw new Conflict('this controller has no folder for its state: nothing can be trained here')
  },
  cancel: async () => undefined,
  resume: async () => undefined,
  remove: async () => false,
}
