/** What is checked whenever a requested count changes: bounds, ramp, budget, its record, its order, its age. */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { Recorded, Watch } from './checker.ts'
import type { Effect } from './platform.ts'
import { releaseLimitMs } from './ports.ts'
import { leastDown, mostUp } from './ramp.ts'

const MONEY_SLACK = 1e-6

export interface EffectChecks {
  effect(effect: Effect): void
  recorded(recorded: Recorded): void
  settled(): void
}

interface Standing {
  readonly budget: number
  readonly feasible: boolean
  readonly atMs: number
}

export function createEffectChecks(watch: Watch): EffectChecks {
  const { knobs, ledgerBook, nowMs, broken, told } = watch
  const { services } = knobs.config
  const applied = new Set<string>()
  const own = new Map<string, Effect[]>(knobs.services.map((name) => [name, []]))
  const newestToken = new Map<string, number>()
  let last: Standing | undefined

  function ours(effect: Effect, id: string): void {
    const { service, from, to } = effect
    const what = `${service} ${from}>${to}`
    const decision = ledgerBook.tables.decisions.get(id)
    const recordedMs = told.recordedMs.get(id)
    if (!decision || recordedMs === undefined) {
      broken('record', `${what} by ${id}, which is in no ledger`)
      return
    }
    // one that comes after another has done the same changes nothing
    const isFrom = decision.from === from || from === to
    if (decision.service !== service || decision.to !== to || !isFrom)
      broken('record', `${what} by ${id}, which decided ${decision.from}>${decision.to}`)
    if (applied.has(id)) broken('twice', `${id}: ${what} once more`)
    applied.add(id)
    timing(what, effect, recordedMs)
    // by when it was decided: on the way two may come nearer to one another than they were
    limits({ ...effect, atMs: recordedMs }, services[service]!)
  }

  function timing(what: string, { service, token }: Effect, recordedMs: number): void {
    const { tickMs } = knobs.config
    const ageMs = nowMs() - recordedMs
    if (ageMs > 2 * tickMs + 4 * knobs.timeoutMs + releaseLimitMs(knobs))
      broken('expired', `${what} ${ageMs} ms after it was recorded`)
    const newest = newestToken.get(service) ?? 0
    if (token !== undefined && token < newest)
      broken('deposed', `${what} under token ${token}, after one under ${newest}`)
    newestToken.set(service, Math.max(token ?? 0, newest))
    const sinceMs = recordedMs - (told.pausedSinceMs ?? Number.POSITIVE_INFINITY)
    // what was on its way when the pause came may still arrive; a tick that began before it may still be recorded
    if (sinceMs > tickMs) broken('pause', `${what}, recorded ${sinceMs} ms after the pause`)
  }

  function limits(effect: Effect, spec: ServiceSpec): void {
    const { service, from, to } = effect
    if (to < spec.minReplicas || to > spec.maxReplicas)
      broken(
        'bounds',
        `${service} ${from}>${to}, allowed ${spec.minReplicas} to ${spec.maxReplicas}`,
      )
    const list = own.get(service)!
    const most = to > from ? mostUp(list, effect, spec) : leastDown(list, effect, spec)
    if (to > from ? to > most : to < most)
      broken('ramp', `${service} ${from}>${to}, the scaling policies allow ${most}`)
    list.push(effect)
    if (list.length > 50) list.splice(0, 25)
    if (to > from) checkBudget(watch, last, effect)
  }

  return {
    effect(effect) {
      if (effect.decisionId === undefined) told.foreignMs = nowMs()
      else ours(effect, effect.decisionId)
    },
    settled() {
      for (const id of told.unsettled) {
        const decision = ledgerBook.tables.decisions.get(id)
        if (decision?.settlement === 'pending') continue
        told.unsettled.delete(id)
        if (decision?.settlement === 'applied' && !applied.has(id))
          broken(
            'books',
            `${decision.service} is said to be set to ${decision.to}, which nobody did`,
          )
      }
    },
    recorded({ tick, decisions }) {
      for (const { id, settlement } of decisions)
        if (settlement === 'pending') told.unsettled.add(id)
      last = { budget: tick.costBudgetPerHour, feasible: tick.feasible, atMs: nowMs() }
    },
  }
}

/** Of an increase: all that costs money then, under the budget that its tick was decided with. */
function checkBudget(
  watch: Watch,
  last: Standing | undefined,
  { service, from, to }: Effect,
): void {
  const { knobs, platform, broken, told } = watch
  // what somebody else did since is not ours to answer for
  if (!last?.feasible || told.foreignMs >= last.atMs) return
  const cost = knobs.services.reduce(
    (sum, name) => sum + platform.paidFor(name) * knobs.config.services[name]!.pricePerReplicaHour,
    0,
  )
  if (cost > last.budget + MONEY_SLACK)
    broken(
      'budget',
      `${service} ${from}>${to}: ${cost.toFixed(4)} of ${last.budget.toFixed(4)} $/hour`,
    )
}
