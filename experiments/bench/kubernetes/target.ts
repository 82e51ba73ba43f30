/** The target alone: memory of what is watched, requests a tick, and the time of a tick's look and of its writes. */
import { createKubernetes } from '../../../services/actuators/kubernetes.ts'
import { startClusterOf } from '../../../services/kubernetes/test-cluster-of.ts'

const TICKS = 20
const PODS_LIMIT_MS = 240_000

/** Prints a table. */
export async function benchTarget(names: readonly string[]): Promise<void> {
  const cluster = await startClusterOf(new Map(names.map((name) => [name, 1])))
  try {
    const actuator = createKubernetes(cluster.deps({}))
    const heapMb = () => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed / 2 ** 20
    }
    const { api, view, events } = await actuator.target()
    await actuator.observe()
    for (const untilMs = Date.now() + PODS_LIMIT_MS; Date.now() < untilMs; ) {
      const ready = [...(await actuator.observe()).values()].filter((one) => one.ready === 1).length
      if (ready === names.length) break
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const callsOf = () => [...api.calls().values()].reduce((sum, n) => sum + n, 0)
    const callsBefore = callsOf()
    const lookMs: number[] = []
    for (let i = 0; i < TICKS; i++) {
      const startedMs = performance.now()
      await actuator.observe()
      lookMs.push(performance.now() - startedMs)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    const callsOfLooks = callsOf() - callsBefore
    const tenth = names.filter((_, i) => i % 10 === 0)
    const startedMs = performance.now()
    const fence = { ledger: 'bench', token: 1 }
    const results = await actuator.apply(
      tenth.map((service) => ({ decisionId: service, service, from: 1, to: 2, fence })),
    )
    const applyMs = performance.now() - startedMs
    await events.idle()
    // a second view of the same cluster, and nothing else, is what comes on top: where nothing is enforced nothing is tried
    const oneMb = heapMb()
    const second = createKubernetes(cluster.deps({}, { mode: 'recommend' }))
    await second.observe()
    const twoMb = heapMb()
    await second.close()
    const pods = view.watches().find(({ path }) => path.endsWith('/pods'))?.objects
    console.table({
      'Deployments, pods watched': `${names.length}, ${pods}`,
      'watches, lists': `${view.watches().length}, ${view.watches().reduce((sum, w) => sum + w.lists, 0)}`,
      'heap of a view of them': `${(twoMb - oneMb).toFixed(1)} MB`,
      'requests at start, a dry run each': callsBefore,
      [`requests in ${TICKS} ticks without a change`]: callsOfLooks,
      'look of a tick (median, most)': `${median(lookMs).toFixed(1)}, ${Math.max(...lookMs).toFixed(1)} ms`,
      [`${tenth.length} writes`]: `${applyMs.toFixed(0)} ms, ${results.filter(({ outcome }) => outcome === 'applied').length} applied`,
      'requests a write, its Event too': (
        (callsOf() - callsBefore - callsOfLooks) /
        tenth.length
      ).toFixed(2),
    })
    await actuator.close()
  } finally {
    await cluster.stop()
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
