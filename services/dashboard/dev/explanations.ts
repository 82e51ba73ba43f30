/** TEST-ONLY: the parts of a synthetic service's forecast, and what it hangs on, in the shapes of the API. */
import type { FeatureImportance, ForecastExplanation } from '../../explanations/view.ts'
import * as examples from '../../http/examples-explanations.ts'
import { forecastOf } from './documents.ts'
import type { World } from './world.ts'

/** The median, taken apart: a level, its season, and a campaign that doubles the further half. */
export function explanationOf(world: World, i: number, atMs: number): ForecastExplanation {
  const { service, metric, issuedAtMs, stepMs, levels, quantiles, model } = forecastOf(
    world,
    i,
    atMs,
  )
  const median = quantiles[levels.indexOf(0.5)]!
  const half = median.length >> 1
  const point = median.map((load, k) => (k < half ? load : 2 * load))
  const level = median.reduce((sum, load) => sum + load, 0) / median.length
  const plain = { seasonMs: null, model: null, covariate: null }
  return {
    ...examples.forecastExplanation,
    ...{ service, metric, issuedAtMs, stepMs, model, point },
    parts: [
      { name: 'level', ...plain, values: median.map(() => level) },
      {
        ...{ ...plain, name: 'season', seasonMs: world.options.dayMs },
        values: median.map((load) => load - level),
      },
      {
        ...{ ...plain, name: 'covariate', covariate: 'campaign' },
        values: median.map((load, k) => (k < half ? 0 : load)),
      },
    ],
    members: examples.forecastExplanation.members.map((member) => ({
      ...member,
      weights: median.map(() => member.weight),
    })),
  }
}

/** Worked out at the second asking. */
export function createSyntheticImportance() {
  const asked = new Set<string>()
  return (service: string): FeatureImportance => {
    const ready = { ...examples.featureImportance, service }
    if (asked.has(service)) return ready
    asked.add(service)
    return { ...ready, state: 'computing', inputs: [], neural: [], issueTimes: null, loss: null }
  }
}
