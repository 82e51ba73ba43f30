/** By which plural the cluster knows a kind, and whether it can be scaled: asked once, for kinds that are not of apps/v1. */
import { z } from 'zod'
import { type ClusterApi, hasStatus } from '../api.ts'
import { ClusterError } from '../connect.ts'
import { knownPlural, type WorkloadRef } from '../workload.ts'

const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string() })),
})

export interface Discovery {
  /** Rejects with a ClusterError when the kind is not installed or has no `scale` subresource. */
  pluralOf(workload: WorkloadRef): Promise<string>
}

export function createDiscovery(api: Pick<ClusterApi, 'request'>): Discovery {
  const known = new Map<string, Promise<z.infer<typeof Resources>>>()

  /** A failure is not remembered: the kind may be installed later. */
  function resourcesOf(apiVersion: string): Promise<z.infer<typeof Resources>> {
    const asked =
      known.get(apiVersion) ??
      api.request('GET', `/apis/${apiVersion}`).then((answer) => Resources.parse(answer))
    known.set(apiVersion, asked)
    asked.catch(() => known.delete(apiVersion))
    return asked
  }

  return {
    async pluralOf(workload) {
      const plural = knownPlural(workload)
      if (plural !== undefined) return plural
      const { apiVersion, kind } = workload
      const { resources } = await resourcesOf(apiVersion).catch((error: unknown) => {
        if (hasStatus(error, 404)) throw new ClusterError(`the cluster has no ${apiVersion}`)
        throw error
      })
      const found = resources.find((one) => one.kind === kind && !one.name.includes('/'))
      if (!found) throw new ClusterError(`the cluster has no ${kind} in ${apiVersion}`)
      if (!resources.some(({ name }) => name === `${found.name}/scale`))
        throw new ClusterError(`${kind} of ${apiVersion} has no scale subresource`)
      return found.name
    },
  }
}
