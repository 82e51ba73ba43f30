/** Which workloads anybody in the cluster speaks of, and who speaks for each. */
import type { AppConfig } from '../../config.ts'
import { ScalingPolicySpec } from '../crds/scaling-policy.ts'
import { identityOf, WorkloadRef, workloadsOf } from '../workload.ts'
import { readAnnotations, type Said } from './annotations.ts'
import { faultOf } from './budgets.ts'
import { keyOf, type Reports } from './reports.ts'
import type { Seen, SeenPolicy, SeenWorkload, SettingFault } from './seen.ts'

export interface Candidate {
  readonly ref: WorkloadRef
  readonly workload?: SeenWorkload
  readonly said?: Said
  readonly policy?: SeenPolicy
  readonly spec?: ScalingPolicySpec
}

/** The workloads that anything speaks of, each once, in one order. */
export function candidatesOf(base: AppConfig, seen: Seen, reports: Reports): Candidate[] {
  const found = foundIn(seen, reports)
  const configured = new Set([...workloadsOf(base).values()].map(identityOf))
  const byId = new Map<string, Candidate>(
    [...found].filter(([id, { said }]) => configured.has(id) || said.enabled === true),
  )
  for (const policy of [...seen.policies].sort(byAge)) {
    const { ref, spec, faults } = readPolicy(policy)
    reports.of(policy.object).faults.push(...faults)
    if (!ref || !spec) continue
    const id = identityOf(ref)
    const fault = objection(byId.get(id)?.policy, ref, found.has(id))
    if (fault) reports.of(policy.object).faults.push(fault)
    else byId.set(id, { ...(found.get(id) ?? { ref }), policy, spec })
  }
  return [...byId.values()].sort((a, b) => (identityOf(a.ref) < identityOf(b.ref) ? -1 : 1))
}

type Found = Required<Pick<Candidate, 'ref' | 'workload' | 'said'>>

function foundIn(seen: Seen, reports: Reports): ReadonlyMap<string, Found> {
  return new Map(
    seen.workloads.map((workload) => {
      const said = readAnnotations(workload.annotations, workload.labels)
      reports.of(workload.object).faults.push(...said.faults)
      return [identityOf(workload.ref), { ref: workload.ref, workload, said }]
    }),
  )
}

/** Why a policy cannot speak for its workload; undefined: it can. */
function objection(
  known: SeenPolicy | undefined,
  ref: WorkloadRef,
  isFound: boolean,
): SettingFault | undefined {
  if (known) return conflict(`ScalingPolicy ${known.object.name} is older and speaks for it`)
  return isFound || !isWatched(ref) ? undefined : missing(ref)
}

/** A policy that is wrong says nothing as a whole: the server has refused it, unless its definition is of another version. */
function readPolicy({ object, spec }: SeenPolicy): {
  readonly ref?: WorkloadRef
  readonly spec?: ScalingPolicySpec
  readonly faults: readonly SettingFault[]
} {
  const read = ScalingPolicySpec.safeParse(spec)
  if (!read.success) return { faults: read.error.issues.map(faultOf) }
  const ref = WorkloadRef.safeParse({ ...read.data.targetRef, namespace: object.namespace })
  if (!ref.success) return { faults: ref.error.issues.map(faultOf) }
  return { ref: ref.data, spec: read.data, faults: [] }
}

/** Of other kinds it is not known here whether they exist. */
const isWatched = ({ apiVersion, kind }: WorkloadRef): boolean =>
  apiVersion === 'apps/v1' && (kind === 'Deployment' || kind === 'StatefulSet')

export const conflict = (message: string): SettingFault => ({
  kind: 'conflict',
  field: 'spec.targetRef',
  value: null,
  message,
})

const missing = ({ kind, namespace, name }: WorkloadRef): SettingFault => ({
  kind: 'refused',
  field: 'spec.targetRef',
  value: null,
  message: `there is no ${kind} ${name} in namespace ${namespace}`,
})

/** The objects behind a candidate, and which of its faults are theirs. */
export function objectsOf({ workload, policy }: Candidate) {
  const ofPolicy = ({ field }: SettingFault) => field.startsWith('spec.')
  return [
    ...(workload ? [{ object: workload.object, own: (f: SettingFault) => !ofPolicy(f) }] : []),
    ...(policy ? [{ object: policy.object, own: ofPolicy }] : []),
  ]
}

const byAge = (a: SeenPolicy, b: SeenPolicy): number => (ageOf(a) < ageOf(b) ? -1 : 1)
const ageOf = ({ createdAt, object }: SeenPolicy): string => `${createdAt} ${keyOf(object)}`
