/**
 * The lines that give a workload's containers their requests: a whole object of few fields, so that it is a strategic-merge
 * patch (containers are merged by name) and fit for server-side apply. Limits are never lowered, unlike the VPA's: a limit that
 * falls throttles or kills. Where a request rises, its limit rises in proportion, as it must not be below.
 */
import { stringify } from 'yaml'
import { knownPlural, type WorkloadRef } from '../workload.ts'
import { quantityOf, writtenOf } from './quantities.ts'
import type { ContainerAdvice, RequestEstimate } from './view.ts'

const RESOURCES = ['cpu', 'memory'] as const

/** null: too little is known of every container. */
export function patchOf(
  workload: WorkloadRef,
  containers: readonly ContainerAdvice[],
): string | null {
  const { apiVersion, kind, namespace, name } = workload
  const rows = containers.flatMap((one) => {
    const resources = resourcesOf(one)
    return resources ? [{ name: one.container, resources }] : []
  })
  if (rows.length === 0) return null
  const spec = { template: { spec: { containers: rows } } }
  const plural = knownPlural(workload) ?? kind
  const usage = `# kubectl -n ${namespace} patch ${plural} ${name} --type strategic --patch-file FILE; it rolls out new pods\n`
  return usage + stringify({ apiVersion, kind, metadata: { namespace, name }, spec })
}

interface Resources {
  readonly requests: Readonly<Record<string, string>>
  readonly limits?: Readonly<Record<string, string>>
}

function resourcesOf(advice: ContainerAdvice): Resources | undefined {
  const rows = RESOURCES.flatMap((resource) => {
    const estimate = advice[resource]
    return estimate ? [{ resource, estimate, write: quantityOf[resource] }] : []
  })
  if (rows.length === 0) return undefined
  const requests = rows.map(({ resource, estimate, write }) => [resource, write(estimate.target)])
  const limits = rows.flatMap(({ resource, estimate, write }) => {
    const limit = raisedLimit(estimate, writtenOf[resource](estimate.target))
    return limit === undefined ? [] : [[resource, write(limit)]]
  })
  return {
    requests: Object.fromEntries(requests),
    ...(limits.length > 0 ? { limits: Object.fromEntries(limits) } : {}),
  }
}

/** undefined: there is none, or it stays. `written`: the request as it is rounded up, which may just pass the limit. */
function raisedLimit(
  { limit, requested, target }: RequestEstimate,
  written: number,
): number | undefined {
  if (limit === null) return undefined
  const isRaised = requested !== null && target > requested
  const wanted = Math.max(isRaised ? (limit * target) / requested : limit, written)
  return wanted > limit ? wanted : undefined
}
