/**
 * Who else writes the count of a workload that we scale. Two that write it in turn make it flap, and neither is right, so
 * we hold: nothing is written until the other is gone, or a person says that we may. What is held is shown, told and
 * alerted; what it costs is counted in the budget as it stands. Pure.
 */
import { z } from 'zod'
import { DESIRED_SIGNAL } from '../signal.ts'
import { carrierOf } from './carrier.ts'
import { FIELD_MANAGER } from './marks.ts'
import type { WorkloadView, WriterView } from './objects.ts'

export const CONFLICT_KINDS = [
  'hpa',
  'keda',
  'keda-paused',
  'vpa',
  'person',
  'zero',
  'autoscaler',
  'refused',
] as const

export const ScaleConflict = z
  .strictObject({
    kind: z.enum(CONFLICT_KINDS).meta({
      description:
        'hpa, keda: it scales the workload too; keda-paused: a person has paused it; vpa: it restarts pods; person: somebody set another count; zero: somebody scaled it to zero; autoscaler: the cloud itself scales the group too; refused: its target refuses to shrink while others wait for its money.',
    }),
    by: z.string().meta({ description: 'Name of the object, or who wrote the count.' }),
    holds: z.boolean().meta({ description: 'Whether nothing is written meanwhile.' }),
    detail: z.string().meta({ description: 'A sentence: what was found, and how it ends.' }),
  })
  .meta({ id: 'ScaleConflict' })
export type ScaleConflict = z.infer<typeof ScaleConflict>

export interface OtherWriters {
  readonly hpas: readonly WriterView[]
  readonly scaledObjects: readonly WriterView[]
  readonly vpas: readonly WriterView[]
}

export interface ConflictInput {
  /** As people write it. */
  readonly workload: string
  readonly view: WorkloadView
  readonly others: OtherWriters
  readonly minReplicas: number
  /** The decision that its mark names is known to have set the count. */
  readonly isCarriedOut: boolean
  /** When the count that is there was first seen. */
  readonly seenSinceMs: number
  /** How long a count that a person set is left alone, ms. */
  readonly holdAfterManualChangeMs: number
  readonly nowMs: number
}

/** The first that holds; else the first that there is. */
export function conflictOf(input: ConflictInput): ScaleConflict | undefined {
  const all = [...autoscalers(input), ...people(input), ...verticals(input)]
  return all.find(({ holds }) => holds) ?? all[0]
}

function* autoscalers({ workload, others }: ConflictInput): Iterable<ScaleConflict> {
  for (const { name, isPaused, follows } of others.scaledObjects) {
    if (follows && !isPaused) continue
    yield isPaused
      ? {
          kind: 'keda-paused',
          by: name,
          holds: true,
          detail: `ScaledObject ${name} of ${workload} is paused: a person wants its count left alone. Delete the ScaledObject to have Forescale scale it.`,
        }
      : {
          kind: 'keda',
          by: name,
          holds: true,
          detail: `ScaledObject ${name} scales ${workload} too. Delete it, or let it follow ${DESIRED_SIGNAL}: then it carries out what is decided here.`,
        }
  }
  for (const { name, madeBy, follows } of others.hpas) {
    if (follows) continue
    if (madeBy !== undefined && others.scaledObjects.some((one) => one.name === madeBy)) continue
    yield {
      kind: 'hpa',
      by: name,
      holds: true,
      detail: `HorizontalPodAutoscaler ${name} scales ${workload} too. Delete it, or let it follow ${DESIRED_SIGNAL}: then it carries out what is decided here.`,
    }
  }
}

/** Modes in which a VPA leaves running pods alone. */
const HARMLESS = ['Off', 'Initial']

function* verticals({ workload, others }: ConflictInput): Iterable<ScaleConflict> {
  for (const { name, updateMode = '' } of others.vpas)
    if (!HARMLESS.includes(updateMode))
      yield {
        kind: 'vpa',
        by: name,
        holds: false,
        detail: `VerticalPodAutoscaler ${name} (${updateMode}) restarts pods of ${workload} at other sizes: what one replica carries is learned anew each time. Its mode "Initial" or "Off" would end that.`,
      }
}

function* people(input: ConflictInput): Iterable<ScaleConflict> {
  const { workload, view, minReplicas, holdAfterManualChangeMs, nowMs } = input
  const { decision } = view.marks
  const { replicas, writer } = view
  const who = writer?.manager ?? 'somebody'
  if (replicas === 0 && minReplicas > 0 && decision?.to !== 0) {
    yield {
      kind: 'zero',
      by: who,
      holds: true,
      detail: `${who} scaled ${workload} to zero, which turns scaling off, as it does for an HPA. Scale it up to turn it on.`,
    }
    return
  }
  if (carrierOf(input.others) !== undefined) return // whose writes those are
  if (!decision || !isOthers(view, input.isCarriedOut)) return
  const untilMs = (writer?.atMs ?? input.seenSinceMs) + holdAfterManualChangeMs
  if (nowMs >= untilMs) return
  yield {
    kind: 'person',
    by: who,
    holds: true,
    detail: `${who} set ${workload} to ${replicas} replicas after we had set ${decision.to}. Left alone until ${new Date(untilMs).toISOString()}, or until \`forescale k8s acknowledge\`.`,
  }
}

/**
 * Whether the count is somebody else's. Our mark is written before the count, so between the two, or where the count was
 * refused, it is still the one before, and by whom it was then. Clocks are not compared: ours may differ from the cluster's.
 */
function isOthers({ replicas, writer, marks }: WorkloadView, isCarriedOut: boolean): boolean {
  const { decision } = marks
  if (!decision || replicas === decision.to || writer?.manager === FIELD_MANAGER) return false
  return isCarriedOut || replicas !== decision.from || writerName(writer) !== decision.was
}

/** One writing of the count, as it is remembered in a mark. */
export function writerName(writer: WorkloadView['writer']): string {
  if (!writer) return ''
  const { manager, atMs } = writer
  return atMs === undefined ? manager : `${manager}@${new Date(atMs).toISOString()}`
}
