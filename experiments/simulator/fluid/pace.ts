/**
 * In how many steps a flow gets through a time of constant load: one where the queue is at rest at both ends, empty or
 * full; few behind a deep backlog, which rises and falls evenly; about one a second where a backlog begins or ends.
 */
import { advanceFlow } from './advance.ts'
import { type Flow, mostBacklog } from './flow.ts'

const MOST_STEPS = 30
/** Share of capacity up to which no backlog builds. */
const QUIET = 0.95
/** A deep backlog changes by this share of itself, or of the room that is left, in a step: what it loses changes as much. */
const CHANGE = 0.5

/** `seconds` of `offered` requests/s. */
export function flowOn(flow: Flow, offered: number, seconds: number): void {
  const fine = seconds / Math.min(MOST_STEPS, Math.max(2, Math.ceil(seconds)))
  let left = seconds
  while (left > 0) {
    const step = stepSeconds(flow, offered, fine, left)
    // no sliver at the end that is there by rounding alone
    const taken = left - step < 0.01 * fine ? left : step
    advanceFlow(flow, offered, taken)
    left -= taken
  }
}

function stepSeconds(flow: Flow, offered: number, fine: number, left: number): number {
  const { table, backlog, serviceSeconds } = flow
  if (table === undefined) return left
  const rate = table.shape.allPlaces / serviceSeconds
  if (offered < QUIET * rate && backlog < 0.5) return left
  if (isRetrying(flow)) return fine
  if (offered >= rate && backlog >= mostBacklog(flow, table.shape) * (1 - 1e-9)) return left
  if (!isDeep(flow, rate)) return fine
  const rising = offered - rate
  const room = rising > 0 ? mostBacklog(flow, table.shape) - backlog : backlog
  return deepSeconds(backlog, room, Math.abs(rising), fine, left)
}

/** Clients that come back are followed second by second. */
function isRetrying({ retrying, backlog }: Flow): boolean {
  for (const waiting of retrying) if (waiting > 1e-6 * backlog) return true
  return false
}

/** Waits behind it are certain ones, in the terms of response-law.ts, and stay so if it is halved. */
function isDeep({ backlog, serviceSeconds, wait }: Flow, rate: number): boolean {
  const least = 2 * Math.max(serviceSeconds, 2 * wait.waitSeconds)
  return wait.certainSeconds > least && backlog / rate > least
}

/** `room` requests are left until the queue is full, or gone. */
function deepSeconds(
  backlog: number,
  room: number,
  changing: number,
  fine: number,
  left: number,
): number {
  if (changing === 0) return left
  const seconds = (CHANGE * Math.min(room, backlog)) / changing
  return Math.min(left, Math.max(fine, seconds))
}
