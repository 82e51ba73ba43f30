/** The containers of one Compose service: what there is, one more like them, one less. */
import { z } from 'zod'
import type { Member } from '../fleet/target.ts'
import { ContainerDetail, ContainerRow, type Engine, EngineError } from './engine.ts'
import { memberOf } from './members.ts'
import { freeNumber, isReplica, PROJECT, replicaSpec, SERVICE } from './replica-spec.ts'

const NOT_FOUND = 404
/** Beyond the grace that a container has to end by itself. */
const STOP_MARGIN_MS = 10_000

export interface ComposeServiceOptions {
  readonly engine: Engine
  readonly project: string
  readonly composeService: string
  readonly stopSeconds: number
  /** Told of a replica that could not be ended. */
  readonly failed: (problem: string) => void
}

export interface Container {
  readonly row: ContainerRow
  readonly detail: ContainerDetail
  /** Undefined: it is there and does not run. */
  readonly member: Member | undefined
}

export interface Containers {
  /** Throws when there is none: then nothing says what a replica is. */
  look(signal: AbortSignal): Promise<readonly Container[]>
  start(container: Container, signal: AbortSignal): Promise<void>
  createLike(source: ContainerDetail, signal: AbortSignal): Promise<void>
  /** Goes on after it returned: the engine answers when the container has ended, which may use all of its grace. */
  release(container: Container, isKept: boolean): void
}

export function createContainers(options: ComposeServiceOptions): Containers {
  const { engine, project, composeService } = options
  const name = `Compose service ${project}/${composeService}`
  /** Told to stop: the engine shows them as running until they have ended. */
  const stopping = new Set<string>()
  const filters = encodeURIComponent(
    JSON.stringify({ label: [`${PROJECT}=${project}`, `${SERVICE}=${composeService}`] }),
  )

  async function list(signal: AbortSignal): Promise<ContainerRow[]> {
    const answer = await engine.call('GET', `/containers/json?all=1&filters=${filters}`, signal)
    const rows = z.array(ContainerRow).parse(answer).filter(isReplica)
    if (rows.length === 0)
      throw new Error(`${name}: there is no container, so nothing says what a replica is`)
    return rows
  }

  async function inspect({ Id }: ContainerRow, signal: AbortSignal) {
    try {
      return ContainerDetail.parse(await engine.call('GET', `/containers/${Id}/json`, signal))
    } catch (error) {
      if (error instanceof EngineError && error.status === NOT_FOUND) return undefined
      throw error
    }
  }

  async function look(signal: AbortSignal) {
    const rows = await list(signal)
    const details = await Promise.all(rows.map((row) => inspect(row, signal)))
    const there = rows.flatMap((row, i) => (details[i] ? [{ row, detail: details[i] }] : []))
    return there.map((container) => ({
      ...container,
      member: memberOf(container.detail, stopping.has(container.row.Id)),
    }))
  }

  async function createLike(source: ContainerDetail, signal: AbortSignal) {
    const number = freeNumber(await list(signal))
    const { name: containerName, body, furtherNetworks } = replicaSpec(source, number)
    const path = `/containers/create?name=${encodeURIComponent(containerName)}`
    const { Id } = z.object({ Id: z.string() }).parse(await engine.call('POST', path, signal, body))
    for (const { network, endpoint } of furtherNetworks)
      await engine.call('POST', `/networks/${encodeURIComponent(network)}/connect`, signal, {
        Container: Id,
        EndpointConfig: endpoint,
      })
    await engine.call('POST', `/containers/${Id}/start`, signal)
  }

  async function end(id: string, isKept: boolean): Promise<void> {
    try {
      const signal = AbortSignal.timeout(options.stopSeconds * 1000 + STOP_MARGIN_MS)
      await engine.call('POST', `/containers/${id}/stop?t=${options.stopSeconds}`, signal)
      if (!isKept) await engine.call('DELETE', `/containers/${id}?v=1`, signal)
    } catch (error) {
      if (error instanceof EngineError && error.status === NOT_FOUND) return
      options.failed(
        `${name}: a replica was not ended: ${error instanceof Error ? error.message : error}`,
      )
    } finally {
      stopping.delete(id)
    }
  }

  return {
    look,
    async start({ row }, signal) {
      await engine.call('POST', `/containers/${row.Id}/start`, signal)
    },
    createLike,
    release({ row }, isKept) {
      stopping.add(row.Id)
      void end(row.Id, isKept)
    },
  }
}
