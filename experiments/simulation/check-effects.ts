/** What is checked whenever a requested count changes: bounds, ramp, budget, its record, its order, its age. */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { Recorded, Watch } from './checker.ts'
import type { Effect } from './platform.ts'

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
  const { knobs, platform, ledgerBook, nowMs, broken, told } = watch
  const { services } = knobs.config
  const applied = new Set<string>()
  const own = new Map<string, Effect[]>(knobs.services.map((name) => [name, []]))
  const newestToken = new Map<string, number>()
  let last: Standing | undefined

  function ours(effect: Effect, id: string): void {
    const { service, from, to } = effect
    const decision = ledgerBook.tables.decisions.get(id)
    const recordedMs = told.recordedMs.get(id)
    if (!decision || recordedMs === undefined)
      return broken('record', `${service} ${from}>${to} by ${id}, which is in no ledger`)
    if (decision.service !== service || decision.to !== to || decision.from !== from)
      broken(
        'record',
        `${service} ${from}>${to} by ${id}, which decided ${decision.service} ${decision.from}>${decision.to}`,
      )
    if (applied.has(id)) broken('twice', `${id}: ${service} ${from}>${to} once more`)
    applied.add(id)
    const ageMs = nowMs() - recordedMs
    if (ageMs > 2 * knobs.config.tickMs + 4 * knobs.timeoutMs)
      broken('expired', `${service} ${from}>${to} ${ageMs} ms after it was recorded`)
    const { token } = effect
    if (token !== undefined) {
      if (token < (newestToken.get(service) ?? 0))
        broken('deposed', `${service} ${from}>${to} under token ${token}`)
      newestToken.set(service, Math.max(token, newestToken.get(service) ?? 0))
    }
    const { pausedSinceMs } = told
    // what was on its way when the pause came may still arrive; a tick that began before it may still be recorded
    if (pausedSinceMs !== undefined && recordedMs - pausedSinceMs > knobs.config.tickMs)
      broken(
        'pause',
        `${service} ${from}>${to}, recorded ${recordedMs - pausedSinceMs} ms after the pause`,
      )
    // by when it was decided: on the way two may come nearer to one another than they were
    limits({ ...effect, atMs: recordedMs }, services[service]!)
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
    if (to > from) budget(effect)
  }

  function budget({ service, from, to }: Effect): void {
    if (!last?.feasible || told.foreignMs >= last.atMs) return
    const cost = knobs.services.reduce(
      (sum, name) => sum + platform.paidFor(name) * services[name]!.pricePerReplicaHour,
      0,
    )
    if (cost > last.budget + MONEY_SLACK)
      broken(
        'budget',
        `${service} ${from}>${to}: ${cost.toFixed(4)} of ${last.budget.toFixed(4)} $/hour`,
      )
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

/** Of several rules the one that lets most through counts, as in `selectPolicy: Max`. */
function mostUp(list: readonly Effect[], { from, atMs }: Effect, spec: ServiceSpec): number {
  const { policies } = spec.behavior.scaleUp
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const base =
      from - changed(list, atMs, periodSeconds, 1) + changed(list, atMs, periodSeconds, -1, 2)
    return type === 'Pods' ? base + value : Math.ceil(base * (1 + value / 100))
  })
  return Math.max(spec.minReplicas, ...limits)
}

function leastDown(list: readonly Effect[], { from, atMs }: Effect, spec: ServiceSpec): number {
  const { policies } = spec.behavior.scaleDown
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const base =
      from + changed(list, atMs, periodSeconds, -1) - changed(list, atMs, periodSeconds, 1, 2)
    return type === 'Pods' ? base - value : Math.floor(base * (1 - value / 100))
  })
  return Math.min(spec.maxReplicas, Math.max(0, Math.min(...limits)))
}

/**
 * Replicas that were added (1) or taken away (−1) within the period, as the HorizontalPodAutoscaler counts: what went the
 * other way gives room. Effects come a little after their decisions, so what is held against a decision is what surely
 * lay in its period, and what speaks for it what may have.
 */
function changed(
  list: readonly Effect[],
  atMs: number,
  periodSeconds: number,
  sign: 1 | -1,
  periods = 0.5,
): number {
  let sum = 0
  for (const effect of list) {
    const change = sign * (effect.to - effect.from)
    if (change > 0 && atMs - effect.atMs < periodSeconds * 1000 * periods) sum += change
  }
  return sum
}
