import { afterEach, describe, expect, it } from 'vitest'
import { ForecastConfig } from '../../forecaster/config.ts'
import { fitForecaster } from '../../forecaster/forecaster.ts'
import { seededRandom } from '../../forecaster/random.ts'
import { createNeuralTrainer, type NeuralTrainer } from './neural-trainer.ts'

const SEASON = 48
const STEP_MS = 1000
const open: NeuralTrainer[] = []
afterEach(() => Promise.all(open.splice(0).map((trainer) => trainer.close())))

function loadOf(service: string, steps: number): Float64Array {
  const random = seededRandom(service.length)
  return Float64Array.from({ length: steps }, (_, i) => {
    const load = 50 + 30 * Math.sin((2 * Math.PI * (i + service.length)) / SEASON)
    return Math.max(0, load + 6 * (random() + random() - 1))
  })
}

/** A ledger's checkpoints, as JSON keeps them. */
function checkpoints() {
  const kept = new Map<string, string>()
  return {
    kept,
    checkpoint: async (key: string, value: unknown) => void kept.set(key, JSON.stringify(value)),
    restore: async (key: string): Promise<unknown> => JSON.parse(kept.get(key) ?? 'null'),
  }
}

interface Told {
  trained: number
  readonly errors: unknown[]
}

function trainerOf(
  neural: Record<string, unknown> = {},
  { steps = 20 * SEASON, ledger = checkpoints(), services = ['a', 'bb', 'ccc'] } = {},
): { trainer: NeuralTrainer; told: Told; forecast: ForecastConfig } {
  const forecast = ForecastConfig.parse({
    seasonsMs: [SEASON * STEP_MS],
    horizonSteps: 12,
    models: ['ensemble', 'seasonal-naive', 'gru'],
    neural: { leastSteps: 500, retrainMs: 1000, ...neural },
  })
  const told: Told = { trained: 0, errors: [] }
  const trainer = createNeuralTrainer({
    book: () => ({
      entries: new Map(services.map((service) => [service, undefined as never])),
      history: async (service) => ({ startMs: 0, values: loadOf(service, steps) }),
    }),
    settings: () => ({ forecast, stepMs: STEP_MS, seed: 1 }),
    ledger,
    onTrained: () => {
      told.trained++
    },
    onError: (error) => told.errors.push(error),
  })
  open.push(trainer)
  return { trainer, told, forecast }
}

describe('training networks beside the ticks', () => {
  it('hands a trained network to the fits, where it competes; trains again when it is due, not before', async () => {
    const { trainer, told, forecast } = trainerOf()
    expect(trainer.networks()).toBeUndefined()
    await trainer.run(0)
    expect(told).toEqual({ trained: 1, errors: [] })
    const neural = trainer.networks()
    expect(Object.keys(neural ?? {})).toEqual(['gru'])
    const values = loadOf('a', 20 * SEASON)
    const series = {
      service: 'a',
      metric: 'requests_per_second',
      startMs: 0,
      stepMs: STEP_MS,
      values,
    }
    const { contest } = fitForecaster(series, forecast, 1, { neural })
    expect(contest.find(({ kind }) => kind === 'gru')?.scaledPinball).toBeGreaterThan(0)
    await trainer.run(500)
    expect(told.trained).toBe(1)
    await trainer.run(1000)
    expect(told.trained).toBe(2)
  }, 120_000)

  it('keeps what was trained over a restart', async () => {
    const ledger = checkpoints()
    const before = trainerOf({}, { ledger })
    await before.trainer.run(0)
    const after = trainerOf({}, { ledger })
    await after.trainer.run(10)
    expect(after.told.trained).toBe(0)
    expect(after.trainer.networks()?.gru?.hash).toBe(before.trainer.networks()?.gru?.hash)
  }, 120_000)

  it.each([
    ['it is switched off', { enabled: false }, {}],
    ['the fleet is too large for it', { mostServices: 2 }, {}],
    ['there is too little to learn from', {}, { steps: 3 * SEASON }],
  ])('trains nothing when %s', async (_, neural, more) => {
    const { trainer, told } = trainerOf(neural, more)
    await trainer.run(0)
    expect(told).toEqual({ trained: 0, errors: [] })
    expect(trainer.networks()).toBeUndefined()
  })

  it('tells when a training fails, and goes on', async () => {
    const ledger = { ...checkpoints(), checkpoint: () => Promise.reject(new Error('disk full')) }
    const { trainer, told } = trainerOf({}, { ledger })
    await trainer.run(0)
    expect(String(told.errors[0])).toMatch(/disk full/)
  }, 120_000)
})
