/** What Forescale's own controller may be set to in an experiment, and its sweep. */
import { z } from 'zod'
import { PolicyKind } from '../../../agents/service-spec.ts'
import { ForecastConfig } from '../../../forecaster/config.ts'

export const FORECAST_SOURCES = ['model', 'perfect', 'noisy', 'shifted'] as const

export const ForescaleParams = z
  .strictObject({
    policy: PolicyKind.default('predictive'),
    objective: z.number().gt(0.5).lt(1).optional().meta({
      description: "Share of requests that must be good; each service's own when absent.",
    }),
    targetUtilization: z.number().gt(0).lte(1).default(1).meta({
      description:
        'What the reactive floor aims at, share of the learned capacity; 1 leaves all headroom to the forecast.',
    }),
    stabilizationSeconds: z.int().min(0).max(3600).default(0).meta({
      description:
        "Of the reactive floor's way down; at 0 its forecast alone tells what may be let go.",
    }),
    costBudgetPerHour: z.number().positive().optional().meta({
      description: "$/hour; the scenario's when absent.",
    }),
    forecast: z.enum(FORECAST_SOURCES).default('model').meta({
      description:
        'model: learned from the past, as live; perfect: the future itself; noisy: the future with a log-normal error of known size; shifted: the future, late, and sure of itself.',
    }),
    errorCv: z.number().positive().max(3).default(0.2).meta({
      description: 'Standard deviation ÷ mean of the error of "noisy".',
    }),
    lateSteps: z.int().min(1).default(12).meta({ description: 'Steps that "shifted" is late.' }),
    models: ForecastConfig.shape.models.optional().meta({
      description: 'Models that compete; the forecaster’s default when absent.',
    }),
    refitMs: z.int().positive().optional().meta({
      description: 'Time between refits; the forecaster’s default when absent.',
    }),
    policyFile: z.string().min(1).optional().meta({
      description:
        'A trained policy (policy.json of `forescale train`) for the policy "learned"; the shipped one when absent.',
    }),
    policyVersion: z.string().optional().meta({
      description: 'Of that policy; found out when it is read.',
    }),
    seed: z.int().min(0).default(1),
  })
  .meta({ id: 'ForescaleParams' })
export type ForescaleParams = z.infer<typeof ForescaleParams>

/** What an owner would turn: the nines. */
export const OBJECTIVES: readonly number[] = [
  0.9999, 0.9998, 0.9995, 0.999, 0.9985, 0.998, 0.997, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.65,
]
/** Further headroom at the cautious end; at the thrifty one bursts are cheaper followed than foreseen. */
const CAUTIOUS_TARGETS = [0.6, 0.8] as const
const THRIFTY_TARGETS = [0.6, 0.7, 0.8, 0.9, 1] as const

/** From cautious to thrifty, after the defaults. */
export function sweepParams(): ForescaleParams[] {
  const own = ForescaleParams.parse({})
  const [most] = OBJECTIVES
  const least = OBJECTIVES[OBJECTIVES.length - 1]!
  return [
    own,
    ...CAUTIOUS_TARGETS.map((targetUtilization) => ({
      ...own,
      objective: most,
      targetUtilization,
    })),
    ...OBJECTIVES.map((objective) => ({ ...own, objective })),
    ...THRIFTY_TARGETS.map((targetUtilization) => {
      const policy = 'reactive' as const
      return { ...own, policy, objective: least, targetUtilization }
    }),
  ]
}
