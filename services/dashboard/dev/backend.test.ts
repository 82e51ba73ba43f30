/** What the page is tested against has the shapes of the real API, by the very schemas of the real API. */
import { expect, it } from 'vitest'
import { ForecastDocument } from '../../../forecaster/forecast.ts'
import { BudgetView, ServiceStatus, TickSummary } from '../../control-plane.ts'
import { Explanation, ReplayReport } from '../../explanations/explanation.ts'
import { DemoView } from '../../http/demo-port.ts'
import { TrainingRound } from '../../trainings/progress.ts'
import { Training, TrainingView } from '../../trainings/training.ts'
import { createBackend } from './backend.ts'

const epochMs = 1_795_248_000_000
const backend = createBackend(
  {
    names: ['search', 'payment'],
    epochMs,
    dayMs: 240_000,
    stepMs: 2000,
    tickMs: 4000,
    seed: 7,
    budget: 1.6,
  },
  true,
)
const events = backend.advance(epochMs + 100_000)
// answers are plain records here: the schemas below say what is in them
// biome-ignore lint/suspicious/noExplicitAny: read by strict schemas at once
const get = (path: string, method = 'GET'): any =>
  backend.handle(method, new URL(path, 'http://replay'), undefined).body

it('events are valid', () => {
  const SCHEMAS = { tick: TickSummary, forecast: ForecastDocument }
  const kinds = new Set<string>()
  for (const { kind, data } of [...events, ...backend.present()]) {
    kinds.add(kind)
    if (kind === 'tick' || kind === 'forecast') SCHEMAS[kind].parse(data)
    if (kind === 'training') {
      Training.parse(data.training)
      TrainingRound.parse(data.round?.round)
    }
  }
  expect(kinds).toEqual(new Set(['tick', 'forecast', 'status', 'training']))
})

it('answers are valid', () => {
  for (const item of get('/v1/services').items) ServiceStatus.parse(item)
  BudgetView.parse(get('/v1/budget'))
  DemoView.parse(get('/v1/demo'))
  for (const { number } of get('/v1/trainings').items)
    TrainingView.parse(get(`/v1/trainings/${number}`))
  const { items } = get('/v1/decisions?limit=10')
  expect(items.length).toBe(10)
  for (const { id } of items) {
    Explanation.parse(get(`/v1/decisions/${id}`))
    ReplayReport.parse(get(`/v1/decisions/${id}/replay`, 'POST'))
  }
})
