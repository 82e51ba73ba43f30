/**
 * How long an answer takes: a certain wait behind a backlog, an exponential wait that some requests meet, and the time of
 * service itself.
 */
import { normalQuantile } from '../../../forecaster/normal-quantile.ts'
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
  /** By so much it rises or falls, evenly, while those come whose wait it is; `certainSeconds` is the mean. */
  riseSeconds: number
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

/** Share of all answers beyond the p95 of those whose clients still waited; `late` of them came later than that. */
export function beyondP95(late: number): number {
  return late + 0.05 * (1 - late)
}

/** A backlog of many services: what is certain of a wait outweighs what is not. */
function isDeep(serviceSeconds: number, wait: Readonly<Wait>): boolean {
  return wait.certainSeconds > serviceSeconds && wait.certainSeconds > 2 * wait.waitSeconds
}

/** P(wait + service > seconds), the service time being `law` times `serviceSeconds`. */
export function tailOf(
  law: UnitLaw,
  serviceSeconds: number,
  wait: Readonly<Wait>,
  seconds: number,
): number {
  if (isDeep(serviceSeconds, wait)) return tailBehindBacklog(law, serviceSeconds, wait, seconds)
  const left = (seconds - wait.certainSeconds) / serviceSeconds
  if (left <= 0) return 1
  const { waitProbability } = wait
  if (waitProbability < NEVER) return law.tail(left)
  const waited = law.tailAfterWait(left, wait.waitSeconds / serviceSeconds)
  if (waitProbability === 1) return waited
  return (1 - waitProbability) * law.tail(left) + waitProbability * waited
}

/** The mean of normal tails while the mean rises: the integral of Φ is zΦ(z) + φ(z). */
function tailBehindBacklog(
  law: UnitLaw,
  serviceSeconds: number,
  wait: Readonly<Wait>,
  seconds: number,
): number {
  const mean = wait.certainSeconds + wait.waitProbability * wait.waitSeconds + serviceSeconds
  const deviation = deviationBehindBacklog(law, serviceSeconds, wait)
  const rise = Math.abs(wait.riseSeconds)
  if (deviation === 0) {
    if (rise === 0) return seconds < mean ? 1 : 0
    return Math.max(0, Math.min(1, 0.5 + (mean - seconds) / rise))
  }
  const z = (mean - seconds) / deviation
  if (rise < EVEN * deviation) return normalCdf(z)
  const half = rise / deviation / 2
  const rising = (normalIntegral(z + half) - normalIntegral(z - half)) / (2 * half)
  return Math.max(0, Math.min(1, rising))
}

/**
 * Seconds beyond which a share of the answers lies, where all of them waited behind a backlog that neither rose nor fell;
 * NaN where it is not so.
 */
export function quantileBehindBacklog(
  law: UnitLaw,
  serviceSeconds: number,
  wait: Readonly<Wait>,
  share: number,
): number {
  if (wait.riseSeconds !== 0 || !isDeep(serviceSeconds, wait) || share >= 1) return Number.NaN
  const mean = wait.certainSeconds + wait.waitProbability * wait.waitSeconds + serviceSeconds
  return mean + normalQuantile(1 - share) * deviationBehindBacklog(law, serviceSeconds, wait)
}

/** A sum of many services is about normal. */
function deviationBehindBacklog(
  { cv }: UnitLaw,
  serviceSeconds: number,
  { spreadSeconds, waitSeconds }: Readonly<Wait>,
): number {
  const own = cv * serviceSeconds
  return Math.sqrt(spreadSeconds * spreadSeconds + waitSeconds * waitSeconds + own * own)
}

function normalIntegral(z: number): number {
  return z * normalCdf(z) + Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
}

/** A wait this improbable is none. */
const NEVER = 1e-9
/** A rise of so many deviations makes a deviation longer by less than a thousandth. */
const EVEN = 0.1
