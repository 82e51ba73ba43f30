/**
 * kill -9 of a replica, the collector or the controller at random moments, over and over, while the demo runs; then the
 * books are compared: every effect in the host's journal belongs to exactly one decision of the ledger, none was applied
 * twice, and no decision was left open.
 *
 *   npm run chaos -- --repetitions 200
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { z } from 'zod'
import { seededRandom } from '../datasets/random.ts'
import { loadConfigFile } from '../services/config-file.ts'
import { openLedger } from '../services/ledger/registry.ts'
import { HostedServices } from '../services/shop/host-api.ts'
import { openJournal } from '../services/shop/journal.ts'
import { readRuntime } from '../services/up/runtime-file.ts'
import { type Arm, getJson, startArm } from './live/arm.ts'

const DEMO = new URL('../services/shop/demo.yaml', import.meta.url).pathname
const VICTIMS = ['replica', 'collector', 'controller'] as const
type Victim = (typeof VICTIMS)[number]
/** Twice as many ticks as in the demo, so that there is more to interrupt. */
const TICK_MS = 2000
/** Kills are spread evenly over a tick, so that they fall anywhere in it. */
const SPREAD_MS = TICK_MS
const RECOVERY_LIMIT_MS = 30_000

const Tick = z.object({ tick: z.int(), atMs: z.number() })
const Statuses = z.object({
  items: z.array(
    z.object({ replicas: z.object({ ready: z.int() }).nullable(), freshness: z.string() }),
  ),
})

async function killOne(arm: Arm, victim: Victim, random: () => number): Promise<boolean> {
  const runtime = readRuntime(arm.stateDir)
  const pid =
    victim === 'replica'
      ? await replicaPid(runtime?.urls.host ?? '', random)
      : runtime?.parts.find((p) => p.name === victim)?.pid
  if (pid === undefined) return false
  process.kill(pid, 'SIGKILL')
  return true
}

async function replicaPid(hostUrl: string, random: () => number): Promise<number | undefined> {
  const { services } = await getJson(`${hostUrl}/services`, HostedServices)
  const pids = Object.values(services).flatMap((s) => s.replicas.map((r) => r.pid))
  return pids[Math.floor(random() * pids.length)]
}

/** Time until there is a tick younger than the kill, every service has a ready replica and its load is fresh. */
async function recoveryMs(arm: Arm, killedAtMs: number): Promise<number | undefined> {
  while (Date.now() - killedAtMs < RECOVERY_LIMIT_MS) {
    const well = await isWell(arm, killedAtMs).catch(() => false)
    if (well) return Date.now() - killedAtMs
    await sleep(100)
  }
  return undefined
}

async function isWell(arm: Arm, sinceMs: number): Promise<boolean> {
  const { atMs } = await getJson(`${arm.api}/v1/ticks/latest`, Tick)
  const { items } = await getJson(`${arm.api}/v1/services`, Statuses)
  return (
    atMs > sinceMs && items.every((s) => (s.replicas?.ready ?? 0) > 0 && s.freshness === 'fresh')
  )
}

interface Books {
  readonly decisions: number
  readonly applied: number
  readonly journalled: number
  readonly appliedTwice: number
  readonly withoutDecision: number
  readonly appliedWithoutEffect: number
  readonly leftOpen: number
  readonly dropped: number
  readonly ticksMissing: number
}

async function compareBooks(stateDir: string): Promise<Books> {
  const config = loadConfigFile(DEMO, {})
  const ledger = await openLedger(config, stateDir)
  const journal = await openJournal(join(stateDir, 'host', 'applied.jsonl'))
  const settlements = new Map<string, string>()
  const ticks = new Set<number>()
  let cursor: string | undefined
  do {
    const page = await ledger.decisions({ limit: 1000, cursor })
    for (const d of page.items) {
      settlements.set(d.id, d.settlement)
      ticks.add(d.tick)
    }
    cursor = page.next
  } while (cursor !== undefined)
  const newest = (await ledger.lastTick())?.tick ?? 0
  await ledger.close()
  await journal.close()
  const journalled = journal.entries.map((e) => e.decisionId)
  const effects = new Set(journalled)
  const count = (settlement: string) =>
    [...settlements.values()].filter((s) => s === settlement).length
  return {
    decisions: settlements.size,
    applied: count('applied'),
    journalled: journalled.length,
    appliedTwice: journalled.length - effects.size,
    withoutDecision: journalled.filter((id) => !settlements.has(id)).length,
    appliedWithoutEffect: [...settlements].filter(([id, s]) => s === 'applied' && !effects.has(id))
      .length,
    leftOpen: count('pending'),
    dropped: count('dropped'),
    ticksMissing: newest - ticks.size,
  }
}

interface Kill {
  readonly victim: Victim
  readonly recoveryMs: number | undefined
}

async function run(
  repetitions: number,
  seed: number,
  folder: string,
): Promise<{ kills: Kill[]; books: Books }> {
  const random = seededRandom('chaos', seed)
  const arm = await startArm('chaos', { ...loadConfigFile(DEMO, {}), tickMs: TICK_MS }, folder)
  const kills: Kill[] = []
  try {
    while (kills.length < repetitions) {
      await sleep(random() * SPREAD_MS)
      const victim = VICTIMS[Math.floor(random() * VICTIMS.length)]!
      const killedAtMs = Date.now()
      if (!(await killOne(arm, victim, random).catch(() => false))) continue
      kills.push({ victim, recoveryMs: await recoveryMs(arm, killedAtMs) })
      if (kills.length % 10 === 0) process.stderr.write(`${kills.length}/${repetitions} kills\n`)
    }
    await sleep(4 * TICK_MS) // the last decisions are settled
  } finally {
    await arm.stop()
  }
  return { kills, books: await compareBooks(arm.stateDir) }
}

function summary(kills: readonly Kill[]) {
  return VICTIMS.map((victim) => {
    const of = kills.filter((k) => k.victim === victim)
    const times = of
      .flatMap((k) => (k.recoveryMs === undefined ? [] : [k.recoveryMs]))
      .sort((a, b) => a - b)
    const at = (share: number) =>
      times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN
    return {
      victim,
      kills: of.length,
      recovered: times.length,
      'median s': at(0.5) / 1000,
      'p99 s': at(0.99) / 1000,
    }
  })
}

const { repetitions, seed, json } = new Command('chaos')
  .option('--repetitions <n>', 'kills', Number, 200)
  .option('--seed <n>', 'seed of victims and moments', Number, 1)
  .option('--json', 'one JSON object instead of the tables', false)
  .parse()
  .opts<{ repetitions: number; seed: number; json: boolean }>()

const folder = await mkdtemp(join(tmpdir(), 'forescale-chaos-'))
try {
  const { kills, books } = await run(repetitions, seed, folder)
  if (json) process.stdout.write(`${JSON.stringify({ kills: summary(kills), books })}\n`)
  else {
    console.table(summary(kills))
    console.table(books)
  }
  const recovered = kills.every((k) => k.recoveryMs !== undefined)
  const { appliedTwice, withoutDecision, appliedWithoutEffect, leftOpen, ticksMissing } = books
  const faults = appliedTwice + withoutDecision + appliedWithoutEffect + leftOpen + ticksMissing
  process.exitCode = recovered && faults === 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
