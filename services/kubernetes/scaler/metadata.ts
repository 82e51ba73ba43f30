/**
 * What a ScaledObject's trigger says to the scaler, in `metadata`: which service, which signal, with which target. All
 * faults at once, each with field, value and what is allowed. Pure.
 */
import { z } from 'zod'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { ServiceId } from '../../../forecaster/series.ts'
import { DESIRED_SIGNAL, FORECAST_SIGNAL } from '../signal.ts'
import type { Workloads } from '../workload.ts'

/** A gRPC request is wrong; answered with INVALID_ARGUMENT. */
export class MetadataError extends Error {
  override name = 'MetadataError'
}

export const ScaledObjectRef = z.object({
  name: z.string(),
  namespace: z.string(),
  scalerMetadata: z.record(z.string(), z.string()).default({}),
})
export type ScaledObjectRef = z.infer<typeof ScaledObjectRef>

const SECOND_MS = 1000
const LONGEST_SECONDS = 3600
const number = (allowed: string, isAllowed: (value: number) => boolean) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, allowed)
    .transform(Number)
    .refine(isAllowed, allowed)

/** KEDA's own keys of the trigger, which it passes on as well. */
const OF_KEDA = {
  scalerAddress: z.string().optional(),
  enableTLS: z.string().optional(),
  unsafeSsl: z.string().optional(),
  caCert: z.string().optional(),
  tlsClientCert: z.string().optional(),
  tlsClientKey: z.string().optional(),
}

export const TriggerMetadata = z.strictObject({
  ...OF_KEDA,
  service: ServiceId.optional(),
  workload: z.string().min(1).optional(),
  signal: z
    .enum([FORECAST_SIGNAL, DESIRED_SIGNAL], `${FORECAST_SIGNAL}, ${DESIRED_SIGNAL}`)
    .default(FORECAST_SIGNAL),
  targetPerReplica: number('a number above 0', (value) => value > 0).optional(),
  activationRps: number('a number of at least 0', (value) => value >= 0).default(0),
  level: z
    .enum(LEVELS.map(String) as [string, ...string[]], LEVELS.join(', '))
    .transform(Number)
    .optional(),
  pollingIntervalSeconds: number(
    `a number from 0 to ${LONGEST_SECONDS}`,
    (value) => value <= LONGEST_SECONDS,
  ).default(30),
})
const OWN_KEYS = Object.keys(TriggerMetadata.shape).filter((key) => !(key in OF_KEDA))
const FROM_ENVIRONMENT = /FromEnv$/

/** A trigger, read: what of which service is asked for. */
export interface Trigger {
  readonly service: string
  /** Load, forecast and beside it observed; or the decided count, with a target of 1. */
  readonly signal: typeof FORECAST_SIGNAL | typeof DESIRED_SIGNAL
  /** Requests/s that one replica is to carry; undefined: what it was learned to carry. */
  readonly targetPerReplica: number | undefined
  readonly activationRps: number
  readonly level: number | undefined
  /** How often KEDA asks whether it is active, ms. */
  readonly pollingIntervalMs: number
}

/** `services`: all that there are. Throws a MetadataError. */
export function triggerOf(
  ref: ScaledObjectRef,
  workloads: Workloads,
  services: ReadonlySet<string>,
): Trigger {
  // KEDA puts what it finds in the environment of the scaled container under the key as it was written
  const given = Object.fromEntries(
    Object.entries(ref.scalerMetadata).map(([key, value]) => [
      key.replace(FROM_ENVIRONMENT, ''),
      value,
    ]),
  )
  const parsed = TriggerMetadata.safeParse(given)
  if (!parsed.success) throw new MetadataError(faultsOf(parsed.error.issues, given))
  const { signal, targetPerReplica, activationRps, level, pollingIntervalSeconds } = parsed.data
  if (signal === DESIRED_SIGNAL && targetPerReplica !== undefined && targetPerReplica !== 1)
    throw new MetadataError(
      fault(
        'targetPerReplica',
        String(targetPerReplica),
        `1 where signal is ${DESIRED_SIGNAL}: the value is a count`,
      ),
    )
  return {
    service: serviceOf(ref, parsed.data, workloads, services),
    ...{ signal, targetPerReplica, activationRps, level },
    pollingIntervalMs: pollingIntervalSeconds * SECOND_MS,
  }
}

const fault = (field: string, value: string | undefined, allowed: string): string =>
  `scalerMetadata.${field}: ${JSON.stringify(value ?? null)} is not allowed; allowed: ${allowed}`

function faultsOf(issues: z.core.$ZodIssue[], given: Readonly<Record<string, string>>): string {
  return issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => fault(key, given[key], `only ${OWN_KEYS.join(', ')}`))
        : [fault(issue.path.join('.'), given[String(issue.path[0])], issue.message)],
    )
    .join('; ')
}

/**
 * By its name, or by the workload that it scales; else the workload that is called as the ScaledObject. One whose workload
 * stands in another namespace is not had: who may write ScaledObjects in one learns nothing of the others.
 */
function serviceOf(
  { name, namespace }: ScaledObjectRef,
  given: { service?: string | undefined; workload?: string | undefined },
  workloads: Workloads,
  services: ReadonlySet<string>,
): string {
  const isHere = (service: string) => (workloads.get(service)?.namespace ?? namespace) === namespace
  if (given.service !== undefined) {
    if (services.has(given.service) && isHere(given.service)) return given.service
    const names = listed([...services].filter(isHere))
    throw new MetadataError(
      fault('service', given.service, `services of namespace ${namespace}: ${names}`),
    )
  }
  const wanted = given.workload ?? name
  const here = [...workloads].filter(([, ref]) => ref.namespace === namespace)
  const found = here.filter(([, ref]) => ref.name === wanted)
  const [only] = found
  if (only && found.length === 1) return only[0]
  const workloadsHere = listed(here.map(([, ref]) => ref.name))
  const why =
    found.length > 1
      ? `one that is of one kind only; else name the service: ${listed(found.map(([s]) => s))}`
      : `workloads of namespace ${namespace}: ${workloadsHere}`
  throw new MetadataError(fault('workload', wanted, why))
}

const MOST_LISTED = 20
const listed = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : names.length > MOST_LISTED
      ? `${names.slice(0, MOST_LISTED).join(', ')} and ${names.length - MOST_LISTED} more`
      : names.join(', ')
