/** A learned policy on the running controller, by the manual clock: it acts, is named, explained, and recomputed to the bit. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { policyVersion } from '../../agents/policies/learned/document.ts'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { TickSummary } from '../control-plane.ts'
import { shippedPolicy } from '../rollouts/policy-file.ts'

const STEP_MS = 60_000
const folders: string[] = []
const open: Composed[] = []

async function start(policy: 'learned' | 'predictive', stateDir?: string) {
  const folder = stateDir ?? (await mkdtemp(join(tmpdir(), 'forescale-learned-')))
  if (!stateDir) folders.push(folder)
  const config = AppConfig.parse({
    ...{ clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
    ...{ costBudgetPerHour: 50, actuator: { kind: 'caller' } },
    forecast: { seasonsMs: [30 * STEP_MS], models: ['seasonal-naive'] },
    services: { search: { maxReplicas: 100, startupSeconds: 60, policy, targetUtilization: 1 } },
  })
  const composed = await compose({
    ...{ config, stateDir: folder, reread: () => config },
    ...{ hostUrl: '', loadUrl: '', env: { LOG_LEVEL: 'silent' } },
  })
  open.push(composed)
  return { ...composed, stateDir: folder }
}

afterEach(async () => {
  for (const composed of open.splice(0)) await composed.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** A season of 30 steps under noise that no forecast foresees. */
const loadAt = (k: number) =>
  (200 + 150 * Math.sin((2 * Math.PI * k) / 30)) * (0.8 + 0.4 * (((k * 7919) % 101) / 101))

async function live({ controller }: Composed, from: number, to: number, requested = 20) {
  const ticks: TickSummary[] = []
  let count = requested
  for (let k = from; k <= to; k++) {
    const atMs = k * STEP_MS
    const sample = { service: 'search', metric: 'requests_per_second', atMs, value: loadAt(k) }
    await controller.ingest([sample])
    const report = { requested: count, ready: count, starting: 0, terminating: 0 }
    const tick = await controller.runTick(atMs, new Map([['search', report]]))
    ticks.push(tick)
    count = tick.decisions[0]!.to
  }
  return ticks
}

describe('a learned policy, live', () => {
  it('is the shipped one unless another is rolled out; decisions name it, and are recomputed to the bit', async () => {
    const composed = await start('learned')
    const decisions = (await live(composed, 1, 100)).flatMap((tick) => tick.decisions)
    const version = policyVersion(shippedPolicy())
    expect(new Set(decisions.map((d) => d.policyVersion))).toEqual(new Set([version]))
    for (const { id, to } of decisions.slice(-5)) {
      const explanation = await composed.controller.explain(id)
      expect(explanation?.decision).toMatchObject({
        ...{ to, policy: 'learned', policyVersion: version },
      })
      const { analytic, alone, atRest, effects, ...told } = explanation!.learned!
      expect(told.version).toBe(version)
      const product = effects.reduce((all, { factor }) => all * factor, atRest.factor)
      expect(product).toBeCloseTo(told.stretch, 9)
      const added = effects.reduce((sum, { replicas }) => sum + replicas, atRest.replicas)
      expect(added).toBeCloseTo(alone - analytic, 9)
      expect(await composed.controller.replay(id)).toMatchObject({ identical: true })
    }
    const corrected = decisions.filter(({ reason }) => reason === 'forecast')
    expect(corrected.length).toBeGreaterThan(0)
    expect(
      corrected.some(({ rationale }) =>
        /learned policy takes the forecast for \d+ % (less|more)/.test(rationale),
      ),
    ).toBe(true)
    const plain = await live(await start('predictive'), 1, 100)
    const wants = plain.map((tick) => tick.decisions[0]!.wanted)
    expect(plain.every((tick) => tick.decisions[0]!.policyVersion === null)).toBe(true)
    expect(decisions.map((d) => d.wanted)).not.toEqual(wants)
    const { controller } = open.at(-1)!
    expect((await controller.explain(plain.at(-1)!.decisions[0]!.id))?.learned).toBeNull()
  })

  it('still acts after a restart, and its old decisions are still recomputed', async () => {
    const first = await start('learned')
    const before = (await live(first, 1, 60)).at(-1)!.decisions[0]!
    await first.close()
    open.splice(open.indexOf(first), 1)
    const second = await start('learned', first.stateDir)
    const [tick] = await live(second, 61, 61, before.to)
    expect(tick!.decisions[0]!.policyVersion).toBe(before.policyVersion)
    expect(await second.controller.replay(before.id)).toMatchObject({ identical: true })
  })
})
