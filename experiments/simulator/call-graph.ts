/** Who calls whom, and in which order services are simulated: callers before those they call, where that can be. */
import type { SimulatedService } from './scenario.ts'

export interface CallGraph {
  readonly hasCalls: boolean
  /** Indices, callers first; services on a cycle in the scenario's order. */
  readonly order: readonly number[]
  readonly callers: readonly (readonly { from: number; perRequest: number }[])[]
  readonly callees: readonly (readonly { to: number; perRequest: number }[])[]
}

/** Throws where a service calls one that is not in the scenario. */
export function callGraph(services: readonly SimulatedService[]): CallGraph {
  const index = new Map(services.map(({ name }, i) => [name, i]))
  const callers = services.map(() => [] as { from: number; perRequest: number }[])
  const callees = services.map(({ name, serving }, from) =>
    serving.calls.map(({ service, perRequest }) => {
      const to = index.get(service)
      if (to === undefined)
        throw new Error(`service ${name} calls ${service}, which is no service of the scenario`)
      callers[to]!.push({ from, perRequest })
      return { to, perRequest }
    }),
  )
  return {
    hasCalls: callees.some((calls) => calls.length > 0),
    order: order(callees),
    callers,
    callees,
  }
}

/** Depth first, turned round (Tarjan 1976). */
function order(callees: CallGraph['callees']): number[] {
  const done: number[] = []
  const seen = new Set<number>()
  const visit = (i: number): void => {
    if (seen.has(i)) return
    seen.add(i)
    for (const { to } of callees[i]!) visit(to)
    done.push(i)
  }
  callees.forEach((_, i) => {
    visit(i)
  })
  return done.reverse()
}
