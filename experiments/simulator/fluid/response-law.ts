/**
 * How long an answer takes: a certain wait behind a backlog, an exponential wait that some requests meet, and the time of
 * service itself.
 */
import type { ServiceTime } from '../scenario.ts'
import { lognormalLaw } from './lognormal-law.ts'
import { normalCdf } from './normal.ts'

/** A law of mean 1. */
export interface UnitLaw {
  readonly cv: number
  /** P(time > x). */
  tail(x: number): number
  /** P(time + exponential wait of mean `wait` > x). */
  tailAfterWait(x: number, wait: number): number
}

/** Wait behind a backlog, and with probability `waitProbability` an exponential time of mean `waitSeconds` more. */
export interface Wait {
  certainSeconds: number
  /** Standard deviation of it: replicas do not work their queues off at the same pace. */
  spreadSeconds: number
  waitProbability: number
  waitSeconds: number
}

const CV_GRAIN = 1 / 64
const laws = new Map<number, UnitLaw>()

/** cv of a log-normal is rounded to 1/64, so that the changing ones of callers find their tables again. */
export function unitLaw({ distribution, cv }: Pick<ServiceTime, 'distribution' | 'cv'>): UnitLaw {
  if (distribution === 'exponential') return EXPONENTIAL
  const grain = Math.round(cv / CV_GRAIN)
  if (distribution === 'deterministic' || grain === 0) return DETERMINISTIC
  let law = laws.get(grain)
  if (law === undefined) {
    law = lognormalLaw(grain * CV_GRAIN)
    laws.set(grain, law)
  }
  return law
}

const DETERMINISTIC: UnitLaw = {
  cv: 0,
  tail: (x) => (x < 1 ? 1 : 0),
  tailAfterWait: (x, wait) => (x <= 1 ? 1 : Math.exp((1 - x) / wait)),
}

/** The sum of two exponential times: hypoexponential, Erlang where their means are the same. */
const EXPONENTIAL: UnitLaw = {
  cv: 1,
  tail: (x) => (x <= 0 ? 1 : Math.exp(-x)),
  tailAfterWait(x, wait) {
    if (x <= 0) return 1
    if (Math.abs(wait - 1) < 1e-6) return Math.exp(-x) * (1 + x)
    return (wait * Math.exp(-x / wait) - Math.exp(-x)) / (wait - 1)
  },
}

/** P(wait + service > seconds), the service time being `law` times `serviceSeconds`. */
export function tailOf(
  law: UnitLaw,
  serviceSeconds: number,
  wait: Readonly<Wait>,
  seconds: number,
): number {
  if (wait.certainSeconds > Math.max(serviceSeconds, 2 * wait.waitSeconds))
    return tailBehindBacklog(law, serviceSeconds, wait, seconds)
  const left = (seconds - wait.certainSeconds) / serviceSeconds
  if (left <= 0) return 1
  const { waitProbability } = wait
  if (waitProbability < NEVER) return law.tail(left)
  const waited = law.tailAfterWait(left, wait.waitSeconds / serviceSeconds)
  if (waitProbability === 1) return waited
  return (1 - waitProbability) * law.tail(left) + waitProbability * waited
}

/** A sum of many services is about normal. */
function tailBehindBacklog(
  law: UnitLaw,
  serviceSeconds: number,
  { certainSeconds, spreadSeconds, waitSeconds, waitProbability }: Readonly<Wait>,
  seconds: number,
): number {
  const mean = certainSeconds + waitProbability * waitSeconds + serviceSeconds
  const deviation = Math.hypot(spreadSeconds, waitSeconds, law.cv * serviceSeconds)
  if (deviation === 0) return seconds < mean ? 1 : 0
  return normalCdf((mean - seconds) / deviation)
}

/** A wait this improbable is none. */
const NEVER = 1e-9
