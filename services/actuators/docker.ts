/**
 * Services of a Docker Compose project by way of the Docker Engine: a replica is a container with the labels that Compose
 * gives it, so `docker compose ps`, `logs` and `up` know the ones made here too. More: stopped ones are started, then
 * copies of one that is there are made. Fewer: what does not serve yet goes first, then the newest. At zero the last is
 * stopped and kept, for without it nothing would say what to make. The engine holds no mutable mark, so fencing tokens
 * are remembered by this process alone.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator } from './actuator.ts'
import type { DockerActuatorConfig } from './config.ts'
import {
  type ComposeServiceOptions,
  type Container,
  createContainers,
} from './docker/containers.ts'
import { createEngine } from './docker/engine.ts'
import { numberOf } from './docker/replica-spec.ts'
import { createFleet } from './fleet/fleet.ts'
import type { FleetTarget } from './fleet/target.ts'

export interface DockerDeps {
  readonly services: readonly ServiceId[]
  readonly warn: (service: ServiceId, problem: string) => void
}

export function createDocker(
  config: DockerActuatorConfig,
  { services, warn }: DockerDeps,
): Actuator {
  const { endpoint, tls, project, deadlineMs, releaseWaitMs, stopSeconds } = config
  const engine = createEngine({ endpoint, ...(tls ? { tls } : {}) })
  const names = new Map(services.map((service) => [service, config.targets[service] ?? service]))
  const targets = new Map(
    Array.from(names, ([service, composeService]) => [
      service,
      composeTarget({
        engine,
        project,
        composeService,
        stopSeconds,
        failed: (problem) => warn(service, problem),
      }),
    ]),
  )
  return createFleet({
    targets,
    deadlineMs,
    releaseWaitMs,
    warn,
    closeShared: () => engine.close(),
  })
}

function composeTarget(options: ComposeServiceOptions): FleetTarget {
  const containers = createContainers(options)
  return {
    name: `Compose service ${options.project}/${options.composeService}`,
    async observe(signal) {
      const members = (await containers.look(signal)).flatMap(({ member }) => member ?? [])
      return {
        requested: members.filter(({ state }) => state !== 'terminating').length,
        members,
        bounds: { min: 0, max: Number.POSITIVE_INFINITY },
        mark: {},
      }
    },
    async scale(replicas, _mark, _seen, signal) {
      const found = await containers.look(signal)
      const present = found.filter(({ member }) => member && member.state !== 'terminating')
      if (present.length > replicas) {
        const surplus = [...present].sort(firstToGo).slice(0, present.length - replicas)
        surplus.forEach((container, i) => {
          containers.release(container, replicas === 0 && i === surplus.length - 1)
        })
        return
      }
      const stopped = found
        .filter(({ member }) => !member)
        .sort((a, b) => numberOf(a.row) - numberOf(b.row))
      const again = stopped.slice(0, replicas - present.length)
      for (const container of again) await containers.start(container, signal)
      const source = (present[0] ?? again[0])?.detail
      for (let made = present.length + again.length; made < replicas; made++) {
        await containers.createLike(source!, signal)
      }
    },
  }
}

/** What does not serve yet, then the newest. */
function firstToGo(a: Container, b: Container): number {
  const ready = Number(a.member?.state === 'ready') - Number(b.member?.state === 'ready')
  return ready || b.row.Created - a.row.Created || numberOf(b.row) - numberOf(a.row)
}
