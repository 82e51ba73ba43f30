/** What is asked for when a rollout or a comparison is begun, checked against what there is. */
import { z } from 'zod'
import type { ServiceId } from '../../forecaster/series.ts'
import { ServiceId as ServiceIdSchema } from '../../forecaster/series.ts'
import {
  type NewRollout,
  Rollout,
  RolloutFindings,
  RolloutSettings,
  Strategy,
  sameStrategy,
} from './rollout.ts'

export const Why = z
  .string()
  .max(200)
  .default('')
  .meta({ description: 'For the record.', example: 'learned last night' })

export const RolloutRequest = z
  .strictObject({
    kind: z.enum(['rollout', 'comparison']).default('rollout').meta({
      description:
        'rollout: a candidate that is to act when it proves better; comparison: two strategies side by side, nothing follows.',
    }),
    services: z.array(ServiceIdSchema).min(1).optional().meta({
      description: 'Without it: all.',
    }),
    champion: Strategy.optional().meta({
      description: 'Of a comparison; without it, what acts for each service now.',
    }),
    candidate: Strategy,
    from: z.enum(['shadow', 'canary', 'full']).optional().meta({
      description:
        'Stage to begin with: shadow for a rollout, canary for a comparison. A later one leaves out what would have been found before it.',
    }),
    settings: RolloutSettings.extend({
      share: RolloutSettings.shape.share.removeDefault().optional().meta({
        description:
          'Of services and of time that the candidate acts in canary: 0.2, of a comparison 0.5.',
      }),
    }).prefault({}),
    why: Why,
  })
  .meta({ id: 'RolloutRequest' })
export type RolloutRequest = z.infer<typeof RolloutRequest>

export const RolloutView = Rollout.extend({
  findings: RolloutFindings.nullable().meta({
    description: 'Of the stage that runs; null where nothing is to be found.',
  }),
  waiting: z.string().nullable().meta({
    description:
      'Why nothing is being found, in words; null when something is, or when it has ended.',
  }),
}).meta({ id: 'RolloutView', description: 'A rollout, and what its units say so far.' })
export type RolloutView = z.infer<typeof RolloutView>

/** What is wrong with a request, as a field, what it holds, and what is allowed. */
export class RolloutError extends Error {
  override readonly name = 'RolloutError'
  readonly field: string
  readonly value: unknown
  readonly allowed: string

  constructor(field: string, value: unknown, allowed: string) {
    super(`${field}: ${JSON.stringify(value)} is not allowed; allowed: ${allowed}`)
    this.field = field
    this.value = value
    this.allowed = allowed
  }
}

export interface Standing {
  readonly services: readonly ServiceId[]
  /** What acts for a service now. */
  readonly strategyOf: (service: ServiceId) => Strategy
  /** From decision to ready capacity, in ticks. */
  readonly leadTicksOf: (service: ServiceId) => number
  readonly tick: number
  readonly nowMs: number
}

const LEAST_BLOCK_TICKS = 8
/** Lead times in a block: what was decided within it carries the load for most of it. */
const LEADS_A_BLOCK = 4

/** Throws RolloutError. Versions are looked up by the caller. */
export function rolloutOf(request: RolloutRequest, actor: string, standing: Standing): NewRollout {
  const { kind, candidate } = request
  const services = servicesOf(request, standing)
  const before = Object.fromEntries(services.map((name) => [name, standing.strategyOf(name)]))
  const champion = request.champion ?? null
  if (champion && kind === 'rollout')
    throw new RolloutError('champion', champion, 'only with kind "comparison"')
  const champions = services.map((name) => champion ?? before[name]!)
  if (champions.every((one) => sameStrategy(one, candidate)))
    throw new RolloutError('candidate', candidate, 'another strategy than what it stands up to')
  const stage = stageOf(request, [...champions, candidate])
  const share = request.settings.share ?? (kind === 'comparison' ? 0.5 : 0.2)
  const settings = { ...request.settings, share }
  const lead = Math.max(...services.map(standing.leadTicksOf))
  const { tick, nowMs: atMs } = standing
  return {
    ...{ kind, services, champion, candidate, before, settings, stage },
    blockTicks: settings.blockTicks ?? Math.max(LEAST_BLOCK_TICKS, LEADS_A_BLOCK * lead),
    ...{ outcome: null, stageFromTick: tick, startedAtMs: atMs, endedAtMs: null },
    changes: [{ stage, tick, atMs, by: actor, why: request.why, findings: null }],
  }
}

function servicesOf({ services }: RolloutRequest, { services: known }: Standing): ServiceId[] {
  if (!services) return [...known]
  const bad = services.findIndex((name) => !known.includes(name))
  if (bad >= 0) throw new RolloutError(`services.${bad}`, services[bad], known.join(' | '))
  return [...new Set(services)]
}

function stageOf(
  { kind, from }: RolloutRequest,
  strategies: readonly Strategy[],
): 'shadow' | 'canary' | 'full' {
  if (kind === 'comparison') {
    if (from === undefined || from === 'canary') return 'canary'
    throw new RolloutError('from', from, '"canary" with kind "comparison"')
  }
  const stage = from ?? 'shadow'
  if (stage === 'shadow' && strategies.some(({ policy }) => policy === 'reactive'))
    throw new RolloutError(
      'from',
      from ?? null,
      '"canary" or "full" where a strategy is reactive: it foresees nothing that could be stretched',
    )
  return stage
}
