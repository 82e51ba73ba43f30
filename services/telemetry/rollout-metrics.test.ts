/** Rollouts, automatic ones and trainings on the metrics page: every figure, and nothing where nothing is known. */
import { describe, expect, it } from 'vitest'
import type { ControlPlane } from '../control-plane.ts'
import * as examples from '../http/examples-rollouts.ts'
import * as trainings from '../http/examples-trainings.ts'
import { createTestParts } from '../http/test-plane.ts'
import type { RolloutView } from '../rollouts/request.ts'
import { rolloutMetrics } from './rollout-metrics.ts'
import { Scrape } from './scrape.ts'

async function scraped(over: Partial<ControlPlane>): Promise<Record<string, number>> {
  const { control } = createTestParts()
  const scrape = new Scrape()
  rolloutMetrics(scrape, { ...control, ...over })
  const lines = (await scrape.registry.metrics()).split('\n')
  const shown = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    shown.map((line) => {
      const cut = line.lastIndexOf(' ')
      return [line.slice(0, cut), Number(line.slice(cut + 1))]
    }),
  )
}

const withRunning = (...running: RolloutView[]) => {
  const { control } = createTestParts()
  return { rollouts: { ...control.rollouts, running: () => running } }
}

describe('rollouts', () => {
  it('are counted by stage, those without any too', async () => {
    const shadow = { ...examples.shadow, number: 2 }
    expect(await scraped(withRunning(examples.canary, shadow))).toMatchObject({
      'forescale_rollouts{stage="shadow"}': 1,
      'forescale_rollouts{stage="canary"}': 1,
      'forescale_rollouts{stage="full"}': 0,
    })
  })

  it('show their units and intervals, each by the number of its rollout', async () => {
    const { loss, burn, units } = examples.canary.findings!
    const series = await scraped(withRunning(examples.canary))
    expect(series['forescale_rollout_units{rollout="1"}']).toBe(units)
    for (const bound of ['low', 'estimate', 'high'] as const) {
      const labels = `{rollout="1",bound="${bound}"}`
      expect(series[`forescale_rollout_loss_difference${labels}`]).toBe(loss[bound])
      expect(series[`forescale_rollout_burn_difference${labels}`]).toBe(burn[bound])
    }
  })

  it('show nothing of what is not bounded yet, and nothing at all of a watched one', async () => {
    const early = { ...examples.canary.findings!, loss: { estimate: -0.1, low: null, high: null } }
    const series = await scraped(
      withRunning(
        { ...examples.canary, findings: early },
        { ...examples.canary, number: 2, stage: 'full', findings: null },
      ),
    )
    const shown = Object.keys(series).filter((key) => key.includes('loss_difference'))
    expect(shown).toEqual(['forescale_rollout_loss_difference{rollout="1",bound="estimate"}'])
    expect(Object.keys(series).some((key) => key.includes('rollout="2"'))).toBe(false)
    expect(Object.values(series).every(Number.isFinite)).toBe(true)
  })
})

describe('automatic rollouts', () => {
  it('say that they are on, when they last looked, and what they found', async () => {
    expect(await scraped({})).toMatchObject({
      forescale_automatic_rollouts_enabled: 1,
      forescale_automatic_rollouts_last_look_timestamp_seconds: examples.policy.addedAtMs / 1000,
      'forescale_policies{verdict="runs"}': 1,
      'forescale_policies{verdict="worse"}': 1,
      'forescale_policies{verdict="tried"}': 0,
    })
  })

  it('say only that they are off where they are', async () => {
    const off = { ...examples.automatic, enabled: false }
    const series = await scraped({ automaticRollouts: () => off })
    expect(series.forescale_automatic_rollouts_enabled).toBe(0)
    expect(Object.keys(series).filter((key) => key.startsWith('forescale_policies'))).toEqual([])
  })
})

it('trainings are counted by state, and the running one says how far it is', async () => {
  const { running, queued } = trainings
  const { control } = createTestParts()
  const list = () => [{ ...queued, number: 2 }, running]
  expect(await scraped({ trainings: { ...control.trainings, list } })).toMatchObject({
    'forescale_trainings{state="running"}': 1,
    'forescale_trainings{state="queued"}': 1,
    'forescale_trainings{state="failed"}': 0,
    'forescale_training_progress_ratio{training="1"}': running.stepsDone / running.steps,
  })
})
