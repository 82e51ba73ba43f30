/** What a container's state says of a replica. Pure. */
import type { Member } from '../fleet/target.ts'
import type { ContainerDetail } from './engine.ts'

/** The engine keeps so many probes of a health check. */
const PROBES_KEPT = 5
const STOPPED = new Set(['exited', 'dead'])

/** Undefined for a container that is there and does not run: it serves nobody and costs nothing. */
export function memberOf(detail: ContainerDetail, isStopping: boolean): Member | undefined {
  const { Id, State } = detail
  if (isStopping || State.Status === 'removing') return { id: Id, state: 'terminating' }
  if (STOPPED.has(State.Status)) return undefined
  const createdAtMs = Date.parse(State.StartedAt)
  const serves =
    State.Status === 'running' &&
    (!State.Health || ['healthy', 'none'].includes(State.Health.Status))
  return {
    id: Id,
    state: serves ? 'ready' : 'starting',
    // one that never ran has the year 1 there
    ...(createdAtMs > 0 ? { createdAtMs } : {}),
    ...(serves ? { readyAtMs: firstHealthyMs(detail) } : {}),
  }
}

/** The end of the first good probe, where the log still reaches back to it. */
function firstHealthyMs({ State }: ContainerDetail): number | undefined {
  const probes = State.Health?.Log ?? []
  const first = probes.findIndex(({ ExitCode }) => ExitCode === 0)
  if (first === -1 || (first === 0 && probes.length >= PROBES_KEPT)) return undefined
  return Date.parse(probes[first]!.End)
}
