/**
 * The cluster's say in the configuration, at run time: what is seen is laid over the file whenever that is read, and what
 * changes asks for it to be read again. While the API server does not answer what was seen last stands, and at start
 * nobody waits for it for long.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AppConfig } from '../../config.ts'
import { ownServices } from '../../shards/assignment.ts'
import { type ClusterCalled, createClusterApi } from '../api.ts'
import { connectCluster } from '../connect.ts'
import { type Overlay, overlay } from './overlay.ts'
import { createStatusWriter, type Decisions } from './status-writer.ts'
import type { SettingsView } from './view.ts'
import { watchSettings } from './watch.ts'

/** At start, for the first lists. */
const FIRST_LISTS_MS = 15_000
/** A reload that failed is tried again after so long. */
const AGAIN_MS = 10_000

export interface ClusterSettings {
  /** `base` as the cluster has it, by what is seen now. */
  over(base: AppConfig): AppConfig
  view(): SettingsView
  /** From now on what changes is taken over by `reload`, and statuses are written of what is decided. */
  start(run: { readonly reload: () => Promise<void>; readonly decisions: () => Decisions }): void
  /** A tick has decided. */
  told(): void
  close(): Promise<void>
}

export interface ClusterSettingsOptions {
  readonly config: AppConfig
  readonly nowMs: () => number
  readonly called?: ClusterCalled
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
}

/** undefined where the configuration does not ask for it. Rejects where the cluster cannot be connected to as it says. */
export async function openClusterSettings({
  config,
  nowMs,
  called,
  log,
}: ClusterSettingsOptions): Promise<ClusterSettings | undefined> {
  const { kubernetes } = config
  const settings = kubernetes?.settings
  if (!kubernetes || !settings) return undefined
  const api = createClusterApi(await connectCluster(kubernetes), called)
  let reload: (() => Promise<void>) | undefined
  let timer: NodeJS.Timeout | undefined
  let fault: string | null = null
  let laid: Overlay = { config, reports: [] }
  let running: Promise<void> = Promise.resolve()

  const watch = watchSettings({
    ...{ api, nowMs, namespaces: kubernetes.namespaces, configMap: settings.configMap },
    onChange: () => soon(settings.debounceMs),
    onError: (path, error) =>
      log.warn({ err: error, path }, 'settings of the cluster: a watch broke'),
  })
  const writer = createStatusWriter({ api, nowMs, log, enabled: settings.writeStatus })

  function soon(afterMs: number): void {
    if (!reload || timer) return
    timer = setTimeout(() => {
      timer = undefined
      running = running.then(takeOver)
    }, afterMs)
  }

  async function takeOver(): Promise<void> {
    try {
      await reload?.()
      fault = null
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error)
      log.warn(
        { err: error },
        'settings of the cluster could not be taken over; the old ones stand',
      )
      soon(AGAIN_MS)
    }
    writer.write(watch.seen(), laid)
  }

  await Promise.race([watch.listed, sleep(FIRST_LISTS_MS, undefined, { ref: false })])
  return {
    over(base) {
      laid = overlay(base, watch.seen())
      // a shard finds the workloads of all of them
      return ownServices(laid.config)
    },
    view: () => ({
      enabled: true,
      objects: laid.reports.map(({ object: { kind, namespace, name }, services, ...report }) => ({
        ...{ kind, namespace, name, services: [...services] },
        budgetBound: report.budgetBound,
        faults: report.faults.map((one) => ({ ...one })),
      })),
      watches: watch.states().map(({ path, state, objects }) => ({
        path,
        objects,
        state:
          state.kind === 'absent'
            ? state.reason
            : state.kind === 'following' && state.brokenSinceMs !== undefined
              ? 'broken'
              : state.kind,
      })),
      fault,
    }),
    start(run) {
      reload = run.reload
      writer.start(run.decisions)
      // what changed since the configuration was read at start
      soon(0)
    },
    told: () => writer.write(watch.seen(), laid),
    async close() {
      reload = undefined
      clearTimeout(timer)
      watch.stop()
      await running
      await writer.idle()
      await api.close()
    },
  }
}
