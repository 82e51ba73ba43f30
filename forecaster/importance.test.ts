/** Each input matters where a load is made of it, and only there. */
import { describe, expect, it } from 'vitest'
import { ForecastConfig } from './config.ts'
import type { Covariate } from './covariates/effects.ts'
import { type ForecasterImportance, permutationImportance } from './importance.ts'
import { seededRandom } from './random.ts'

const DAY = 48
const config = ForecastConfig.parse({
  horizonSteps: 12,
  origins: 30,
  models: ['seasonal-naive', 'ets', 'linear', 'ensemble'],
})

function seriesOf(valueAt: (t: number, random: () => number) => number, days = 12) {
  const random = seededRandom(3)
  const values = Float64Array.from({ length: days * DAY }, (_, t) => valueAt(t, random))
  return { service: 's', metric: 'requests_per_second', startMs: 0, stepMs: 1_800_000, values }
}
const wave = (t: number) => 100 + 60 * Math.sin((2 * Math.PI * t) / DAY)
const ratioOf = ({ inputs }: ForecasterImportance, name: string) =>
  inputs.find(({ input }) => input === name)?.lossRatio

describe('permutation importance', () => {
  it('of a load that is its season: the season, hardly the newest steps', () => {
    const importance = permutationImportance(
      seriesOf((t, random) => wave(t) * (0.97 + 0.06 * random())),
      config,
      1,
    )!
    expect(importance.inputs[0]).toMatchObject({ input: 'season', seasonSteps: DAY })
    expect(ratioOf(importance, 'season')).toBeGreaterThan(3)
    expect(ratioOf(importance, 'recent')).toBeLessThan(1.5)
    expect(ratioOf(importance, 'covariates')).toBeUndefined()
  })

  it('of a load that wanders: the newest steps alone', () => {
    let level = 100
    const importance = permutationImportance(
      seriesOf((_, random) => {
        level = Math.max(5, level + 6 * (random() - 0.5))
        return level
      }),
      { ...config, seasonsMs: [] },
      1,
    )!
    expect(importance.inputs.map(({ input }) => input)).toEqual(['recent'])
    expect(ratioOf(importance, 'recent')).toBeGreaterThan(2)
  })

  it('of a load that campaigns double: the campaigns too', () => {
    const values = new Float64Array(13 * DAY)
    for (const start of [70, 200, 330, 470, 520]) values.fill(1, start, start + 8)
    const campaign: Covariate = {
      name: 'campaign',
      kind: 'event',
      values,
      aheadSteps: Number.POSITIVE_INFINITY,
    }
    const series = seriesOf((t, random) => wave(t) * (values[t] ? 2 : 1) * (0.97 + 0.06 * random()))
    const importance = permutationImportance(series, config, 1, { covariates: [campaign] })!
    expect(ratioOf(importance, 'covariates')).toBeGreaterThan(1.3)
    expect(permutationImportance(series, config, 1, { covariates: [campaign] })).toEqual(importance)
  })

  it('of a series too short, or never anything but zero, there is none', () => {
    expect(permutationImportance(seriesOf(wave, 1), config, 1)).toBeUndefined()
    expect(
      permutationImportance(
        seriesOf(() => 0),
        config,
        1,
      ),
    ).toBeUndefined()
  })
})
