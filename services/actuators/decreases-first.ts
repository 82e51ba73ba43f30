/**
 * The order in which a group of orders is carried out, whatever the target: decreases first, and increases only when the
 * replicas that were let go are gone, so that the budget holds at every moment.
 */
import type { ScaleOrder, ScaleResult } from './actuator.ts'

export interface OrderSteps {
  /** Never rejects: what fails says so in its result. */
  readonly send: (order: ScaleOrder) => Promise<ScaleResult>
  /** Whether what the services' orders let go is gone; waits for it for a while. */
  readonly released: (orders: readonly ScaleOrder[]) => Promise<boolean>
  /** Orders that are under way together. */
  readonly atOnce: number
  /** How long `released` waits at most, ms. */
  readonly releaseLimitMs: number
  readonly monotonicMs?: () => number
}

/** What a slow last answer may add to a wait. */
const ANSWER_MARGIN_MS = 5000

/** One result an order, in order. */
export async function decreasesFirst(
  orders: readonly ScaleOrder[],
  { send, released, atOnce, releaseLimitMs, monotonicMs = () => performance.now() }: OrderSteps,
): Promise<readonly ScaleResult[]> {
  const resultById = new Map<string, ScaleResult>()
  const sendAll = async (some: readonly ScaleOrder[]) => {
    for (const result of await eachOf(some, atOnce, send)) resultById.set(result.decisionId, result)
  }
  const decreases = orders.filter((o) => o.to < o.from)
  const others = orders.filter((o) => o.to >= o.from)
  await sendAll(decreases)
  const mustWait = decreases.length > 0 && others.length > 0
  const allLowered = decreases.every((o) => resultById.get(o.decisionId)?.outcome === 'applied')
  const startedMs = monotonicMs()
  const mayGoOn = !mustWait || (allLowered && (await released(decreases)))
  // a process that stood still in the meantime wakes up to a world that may be another; the next tick looks at it
  const isTooLate = mustWait && monotonicMs() - startedMs > 2 * releaseLimitMs + ANSWER_MARGIN_MS
  if (mayGoOn && !isTooLate) await sendAll(others)
  const why = isTooLate
    ? 'what was to be released first is gone, but too late'
    : 'the replicas to be released first are still there'
  return orders.map((order) => resultById.get(order.decisionId) ?? failedOrder(order, why))
}

export function failedOrder({ decisionId, service }: ScaleOrder, detail: string): ScaleResult {
  return { decisionId, service, outcome: 'failed', detail }
}

/** Results in the order of `items`, at most `atOnce` under way. */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const i = next++
      results[i] = await work(items[i]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}
