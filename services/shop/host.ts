/**
 * The process host: runs the shop's replicas as processes, like a kubelet runs pods. Orders are absolute counts,
 * idempotent by decision id, on disk before they have an effect; what was requested survives a crash of the host.
 */
import assert from 'node:assert/strict'
import { createFences } from './fences.ts'
import type { HostedService, HostedServices, HostFence, ReplicaOrder } from './host-api.ts'
import type { Journal } from './journal.ts'
import type { StartReplica } from './replica-process.ts'
import type { ReplicaSettings } from './replica-protocol.ts'
import { createReplicaSet, type ReplicaSet } from './replica-set.ts'
import type { Watchers } from './watchers.ts'

const RECONCILE_EVERY_MS = 100

export interface HostOptions {
  readonly services: readonly {
    readonly settings: Omit<ReplicaSettings, 'ordinal'>
    /** Replicas before any decision. */
    readonly initialReplicas: number
  }[]
  readonly drainTimeoutMs: number
  readonly journal: Journal
  readonly start: StartReplica
  readonly watchers: Watchers
  readonly nowMs: () => number
}

export interface Host {
  services(): HostedServices
  /** undefined for a service that is not hosted. */
  service(name: string): HostedService | undefined
  /**
   * Resolves when the order is on disk and taken up; a decision id seen before changes nothing. Throws a 409 problem when a
   * newer leader is known.
   */
  order(name: string, order: ReplicaOrder): Promise<void>
  /** A leader makes itself known: older ones are refused from now on. Throws a 409 problem when it is older itself. */
  announce(fence: HostFence): void
  counters(): { restarts: number; refusedWhileDraining: number; killedWhileDraining: number }
  /** Drains all replicas; kills what is left after `limitMs`. */
  stop(limitMs: number): Promise<void>
  /** Ends all replicas now, for when the process itself ends. */
  kill(): void
}

interface Hosted {
  readonly set: ReplicaSet
  requested: number
  lastDecisionId: string | null
}

export function createHost(options: HostOptions): Host {
  const { journal, drainTimeoutMs, start, watchers, nowMs } = options
  const applied = new Set(journal.entries.map((entry) => entry.decisionId))
  const fences = createFences(journal.entries)
  const hostedByName = new Map<string, Hosted>()
  let stopping = false
  let lastWrite: Promise<void> = Promise.resolve()

  const reconcile = (hosted: Hosted) => {
    if (!stopping) hosted.set.reconcile(hosted.requested)
  }
  for (const { settings, initialReplicas } of options.services) {
    const last = journal.entries.findLast((entry) => entry.service === settings.service)
    const hosted: Hosted = {
      requested: last?.to ?? initialReplicas,
      lastDecisionId: last?.decisionId ?? null,
      set: createReplicaSet({
        settings,
        drainTimeoutMs,
        start,
        nowMs,
        allKnow: watchers.allKnow,
        onChange: () => reconcile(hosted),
      }),
    }
    hostedByName.set(settings.service, hosted)
    reconcile(hosted)
  }
  const timer = setInterval(() => hostedByName.forEach(reconcile), RECONCILE_EVERY_MS)

  async function write(
    name: string,
    hosted: Hosted,
    { replicas, decisionId, from, fence }: ReplicaOrder,
  ): Promise<void> {
    if (applied.has(decisionId)) return
    fences.pass(fence)
    await journal.append({ decisionId, service: name, from, to: replicas, atMs: nowMs(), fence })
    applied.add(decisionId)
    hosted.requested = replicas
    hosted.lastDecisionId = decisionId
    reconcile(hosted)
  }

  return {
    services: () => ({
      services: Object.fromEntries(
        Array.from(hostedByName, ([name, hosted]) => [name, viewOf(hosted)]),
      ),
    }),
    service(name) {
      const hosted = hostedByName.get(name)
      return hosted && viewOf(hosted)
    },
    order(name, order) {
      const hosted = hostedByName.get(name)
      assert(hosted, `${name} is not hosted`)
      // one after the other, so that the same id sent twice at once is still applied once
      const written = lastWrite.then(() => write(name, hosted, order))
      lastWrite = written.catch(() => {})
      return written
    },
    announce: fences.pass,
    counters() {
      const total = { restarts: 0, refusedWhileDraining: 0, killedWhileDraining: 0 }
      for (const { set } of hostedByName.values()) {
        const own = set.counters()
        total.restarts += own.restarts
        total.refusedWhileDraining += own.refusedWhileDraining
        total.killedWhileDraining += own.killedWhileDraining
      }
      return total
    },
    async stop(limitMs) {
      stopping = true
      clearInterval(timer)
      const sets = Array.from(hostedByName.values(), (hosted) => hosted.set)
      const left = () => sets.reduce((sum, set) => sum + set.count(), 0)
      for (const set of sets) set.release()
      await until(() => left() === 0, limitMs)
      for (const set of sets) set.kill()
      await until(() => left() === 0, 1000)
      await lastWrite
      await journal.close()
    },
    kill() {
      for (const { set } of hostedByName.values()) set.kill()
    },
  }
}

function viewOf(hosted: Hosted): HostedService {
  const { requested, lastDecisionId, set } = hosted
  return { requested, lastDecisionId, ...set.view() }
}

async function until(done: () => boolean, limitMs: number): Promise<void> {
  for (let waitedMs = 0; !done() && waitedMs < limitMs; waitedMs += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
