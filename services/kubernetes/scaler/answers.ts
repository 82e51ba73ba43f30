/**
 * What the scaler answers. KEDA reads NaN, a negative value and an infinite one as 0 and scales down by it, and after an
 * answer of "not active" it scales to zero: so there is a value that may be acted on, or an error, never a number that
 * stands for not knowing. Pure.
 */
import {
  activityOf,
  DESIRED_SIGNAL,
  FORECAST_SIGNAL,
  LOAD_SIGNAL,
  type SignalConfig,
  type SignalInput,
  type SignalName,
  signalOf,
} from '../signal.ts'
import { MetadataError, type Trigger } from './metadata.ts'

/** There is nothing that may be said now; answered with UNAVAILABLE, which KEDA counts for its fallback. */
export class NothingToSay extends Error {
  override name = 'NothingToSay'
}

export interface MetricSpec {
  readonly metricName: string
  readonly targetSize: number
  readonly targetSizeFloat: number
}

/**
 * Two for a forecast: the autoscaler takes the greater of forecast and observed load, and while the forecast has no value
 * it may still scale up by the other and never down (autoscaling/v2, metrics partly invalid).
 */
export function signalsOf({ signal }: Pick<Trigger, 'signal'>): readonly SignalName[] {
  return signal === FORECAST_SIGNAL ? [FORECAST_SIGNAL, LOAD_SIGNAL] : [DESIRED_SIGNAL]
}

/** `learnedRps`: what one replica was learned to carry at its target utilization. Needs no forecast: specs always stand. */
export function specsOf(trigger: Trigger, learnedRps: number): MetricSpec[] {
  const target = trigger.signal === DESIRED_SIGNAL ? 1 : (trigger.targetPerReplica ?? learnedRps)
  return signalsOf(trigger).map((metricName) => ({
    metricName,
    targetSize: Math.max(1, Math.round(target)),
    targetSizeFloat: target,
  }))
}

export interface Asked {
  readonly trigger: Trigger
  readonly input: SignalInput
  readonly config: SignalConfig
}

/** With the quantile that the trigger asks for. */
function configOf({ trigger, config }: Asked): SignalConfig {
  const level = (trigger.level ?? config.level) as SignalConfig['level']
  return { ...config, level }
}

export interface MetricValue {
  readonly metricName: string
  readonly metricValue: number
  readonly metricValueFloat: number
}

/** Throws NothingToSay, or MetadataError for a metric that is not among the trigger's specs. */
export function metricOf(asked: Asked, metricName: string): MetricValue {
  const names = signalsOf(asked.trigger)
  const name = names.find((one) => one === metricName)
  if (name === undefined)
    throw new MetadataError(
      `metricName: "${metricName}" is not allowed; allowed: ${names.join(', ')}`,
    )
  const signal = signalOf(name, asked.input, configOf(asked))
  if (signal.kind === 'unavailable') throw nothing(asked, signal)
  // whole for who knows no fractions: rounded up, as less would be too little
  return { metricName, metricValue: Math.ceil(signal.value), metricValueFloat: signal.value }
}

function nothing({ trigger }: Asked, why: { reason: string; detail: string }): NothingToSay {
  return new NothingToSay(`service ${trigger.service} (${why.reason}): ${why.detail}`)
}

/**
 * Whether the service must run: by forecast or observation, and where counts are carried also by a decision above 0. Looks
 * ahead as far as the slower of KEDA's poll and the autoscaler's. Throws NothingToSay.
 */
export function isActive(asked: Asked): boolean {
  const { trigger, input } = asked
  const config = configOf(asked)
  const slower = Math.max(config.consumerLagMs, trigger.pollingIntervalMs)
  const desired =
    trigger.signal === DESIRED_SIGNAL ? signalOf(DESIRED_SIGNAL, input, config) : undefined
  if (desired?.kind === 'unavailable') throw nothing(asked, desired)
  if (desired && desired.value > 0) return true
  const activity = activityOf(input, { ...config, consumerLagMs: slower }, trigger.activationRps)
  if (activity.kind === 'unavailable') throw nothing(asked, activity)
  return activity.kind === 'active'
}
