/** A decision's reason as a sentence that a person understands, made from its figures. */
import type { Observation } from '../agents/observation.ts'
import type { ServiceSpec } from '../agents/service-spec.ts'
import { LEVELS } from '../forecaster/forecast.ts'
import type { Grant } from './tick.ts'

export interface RationaleInput {
  readonly service: string
  readonly spec: ServiceSpec
  readonly observation: Observation
  readonly grant: Grant
  /** What a learned policy multiplied the forecast by; 1 where none did. */
  readonly stretch?: number
  /** Weighted requests/s outside the SLO that one more $/hour would avoid. */
  readonly shadowPrice: number
  /** $/hour that this shard may spend of what all of them share; absent: there are no shards. */
  readonly share?: { readonly budgetPerHour: number; readonly jointBudgetPerHour: number }
}

const one = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1)

export function rationaleOf(input: RationaleInput): string {
  const { service, grant } = input
  const change = grant.to === grant.from ? `stays ${grant.to}` : `${grant.from}→${grant.to}`
  return `${service} ${change}: ${[because(input), corrected(input), limit(input)].filter(Boolean).join('; ')}`
}

/** The forecast that was judged is not the one that was issued. */
function corrected({ stretch = 1, grant }: RationaleInput): string {
  const percent = Math.round(100 * (stretch - 1))
  if (percent === 0 || grant.proposal === undefined) return ''
  return `the learned policy takes the forecast for ${Math.abs(percent)} % ${percent < 0 ? 'less' : 'more'}`
}

function because({ spec, observation, grant }: RationaleInput): string {
  const { proposal } = grant
  if (proposal === undefined) return 'mode is off'
  const load = `${one(observation.loadRps)} req/s now`
  const carries = `${one(observation.capacityPerReplica)} a replica`
  switch (proposal.reason) {
    case 'no-data':
      return 'no usable load data, so it holds what it has'
    case 'fallback':
      return `no usable forecast, reactive rule alone: ${load} at ${carries} need ${proposal.reactiveNeed}`
    case 'surge':
      return `load has outrun the forecast: ${load} at ${carries} want ${proposal.wanted} to work off the queue`
    case 'forecast': {
      const top = observation.demand?.[LEVELS.length - 1] ?? observation.loadRps
      const needs = `99 % of forecasts need ≤ ${one(top / observation.capacityPerReplica)}`
      const ahead = `within ${one(observation.leadTimeMs / 1000)} s`
      return `${needs} ${ahead}, reactive need is ${proposal.reactiveNeed}`
    }
    default: {
      const aim = `${Math.round(spec.targetUtilization * 100)} %`
      const { demand } = observation
      const forecast =
        demand && spec.policy === 'predictive'
          ? `, 99 % of forecasts need ≤ ${one(demand[LEVELS.length - 1]! / observation.capacityPerReplica)}`
          : ''
      return `${load} at ${carries} and ${aim} utilization need ${proposal.reactiveNeed}${forecast}`
    }
  }
}

function limit({ spec, grant, shadowPrice, observation, share }: RationaleInput): string {
  const wanted = grant.proposal?.wanted ?? grant.to
  switch (grant.boundBy) {
    case 'budget':
      return `budget binding, wanted ${wanted}, one more $/h would avoid ${one(shadowPrice)} violations/s`
    case 'share': {
      const { budgetPerHour = 0, jointBudgetPerHour = 0 } = share ?? {}
      const part = `$${budgetPerHour.toFixed(2)}/h of $${jointBudgetPerHour.toFixed(2)}/h`
      return `bound by the shard's share, ${part}, wanted ${wanted}, one more $/h would avoid ${one(shadowPrice)} violations/s`
    }
    case 'budget-infeasible':
      return 'the budget is below what must run; the least allowed is kept'
    case 'not-returnable':
      return `wanted ${wanted}, withheld: under this budget extra must be returnable at once, and the scaleDown policy is slower`
    case 'max-replicas':
      return `wanted ${wanted}, maxReplicas is ${spec.maxReplicas}`
    case 'min-replicas':
      return `minReplicas is ${spec.minReplicas}`
    case 'rate-limit':
      return `wanted ${wanted}, the rate limit allows ${grant.to} now`
    case 'stabilization':
      return 'held by the scale-down stabilization window'
    case 'no-data':
      return `data is ${observation.freshness}`
    default:
      return ''
  }
}
