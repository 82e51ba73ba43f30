/** The only clock. Manual time moves when somebody says so: tests, replays and outside judges share one door. */
export interface Clock {
  readonly kind: 'system' | 'manual'
  nowMs(): number
}

export const systemClock: Clock = { kind: 'system', nowMs: () => Date.now() }

export interface ManualClock extends Clock {
  readonly kind: 'manual'
  moveTo(atMs: number): void
}

export function createManualClock(startMs = 0): ManualClock {
  let now = startMs
  return {
    kind: 'manual',
    nowMs: () => now,
    moveTo(atMs) {
      now = atMs
    },
  }
}
