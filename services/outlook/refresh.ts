/** The outlooks that alerts look at, made anew beside the ticks, never in their way. */
import type { Outlook } from './outlook.ts'
import type { OutlookView } from './view.ts'

/** A week and a month. */
export const WATCHED_DAYS: readonly number[] = [7, 30]

export interface OutlookWatch {
  /** The newest ones; empty before the first. */
  latest(): readonly OutlookView[]
  /** Resolves when they are as of now; rejects never. */
  refresh(): Promise<void>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

export function createOutlookWatch(
  outlook: Outlook,
  onError: (error: unknown) => void,
): OutlookWatch {
  let latest: readonly OutlookView[] = []
  let running: Promise<void> | undefined
  return {
    latest: () => latest,
    refresh() {
      running ??= Promise.all(WATCHED_DAYS.map((days) => outlook.read(days)))
        .then((views) => {
          latest = views
        })
        .catch(onError)
        .finally(() => {
          running = undefined
        })
      return running
    },
    idle: async () => running,
  }
}
