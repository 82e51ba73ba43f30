import { describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { outlook as example } from '../http/examples-alerts.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { OutlookRisk, OutlookView } from '../outlook/view.ts'
import { type StandingInput, standingOf } from './conditions.ts'

const config = AppConfig.parse({ services: { search: {}, payment: {} } })

/** The parts of a tick that conditions look at. */
function tickOf(drifting: readonly string[] = []): TickResult {
  const services = ['search', 'payment'].map((service) => ({ observation: { service } }))
  return {
    forecasts: new Map(
      services.map(({ observation: { service } }) => [
        service,
        { drifting: drifting.includes(service) },
      ]),
    ),
    decided: {
      input: { atMs: 100, costBudgetPerHour: 10, services },
      output: { feasible: true, spendPerHour: 3 },
    },
  } as unknown as TickResult
}

function held(over: Partial<StandingInput> = {}): string[] {
  return standingOf({
    config,
    result: tickOf(),
    coverageOf: () => undefined,
    isOpen: () => false,
    knows: () => false,
    outlooks: [],
    ...over,
  })
    .filter(({ holds }) => holds)
    .map((one) => `${one.key} ${one.describe(0).severity}`)
}

describe('of a quiet tick', () => {
  it('nothing is said', () => {
    expect(held()).toEqual([])
  })
})

it('a drifting forecast is named', () => {
  expect(held({ result: tickOf(['payment']) })).toEqual(['forecast-drifting/payment warning'])
})

describe('live coverage', () => {
  const at = (share: number, steps = 400, isOpen = false) =>
    held({ coverageOf: () => ({ share, steps }), isOpen: () => isOpen })
  it('is out of bounds below and above, and too narrow weighs more than too wide', () => {
    expect(at(0.79)).toEqual([
      'forecast-coverage/search warning',
      'forecast-coverage/payment warning',
    ])
    expect(at(0.995)[0]).toBe('forecast-coverage/search info')
    expect(at(0.81)).toEqual([])
    expect(at(0.5, 100)).toEqual([])
  })
  it('must come well inside again to count as well', () => {
    expect(at(0.81, 400, true)).toHaveLength(2)
    expect(at(0.83, 400, true)).toEqual([])
  })
})

describe('the outlook', () => {
  const risk = (over: Partial<OutlookRisk>): OutlookRisk => ({ ...example.risks[0]!, ...over })
  const view = (risks: OutlookRisk[], over: Partial<OutlookView> = {}): OutlookView => ({
    ...example,
    risks,
    ...over,
  })
  const late = example.fromMs + 20 * example.dayMs

  it('warns of what is near and tells of what is far, the earliest of both outlooks', () => {
    expect(held({ outlooks: [view([]), view([risk({ firstDayMs: late })])] })).toEqual([
      'outlook-budget/search info',
    ])
    expect(held({ outlooks: [view([risk({})]), view([risk({ firstDayMs: late })])] })).toEqual([
      'outlook-budget/search warning',
    ])
  })

  it('names the whole only while nobody in particular stays behind', () => {
    const whole = risk({ service: null })
    expect(held({ outlooks: [view([whole])] })).toEqual(['outlook-budget warning'])
    expect(held({ outlooks: [view([risk({}), whole])] })).toEqual(['outlook-budget/search warning'])
  })

  it('says nothing of services without history, and nothing of the whole without them', () => {
    const services = [{ ...example.services[0]!, demand: null }]
    const outlooks = [view([risk({ bound: 'maxReplicas' })], { services, fleet: null })]
    expect(held({ outlooks })).toEqual([])
  })
})

describe('a workload that something else scales too', () => {
  const by = (kind: 'hpa' | 'vpa', holds: boolean) => ({ kind, by: 'web', holds, detail: '' })

  it('is named while it is left alone', () => {
    expect(held({ conflictOf: (s) => (s === 'payment' ? by('hpa', true) : undefined) })).toEqual([
      'scaling-conflict/payment warning',
    ])
  })

  it('is not where it is scaled all the same', () => {
    expect(held({ conflictOf: () => by('vpa', false) })).toEqual([])
  })
})
