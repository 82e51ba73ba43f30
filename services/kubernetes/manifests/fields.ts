/** What HPAs and ScaledObjects have in common: metadata, `behavior`, positive quantities; and zod's faults as ours. */
import { z } from 'zod'
import { Behavior } from '../../../agents/service-spec.ts'
import { ManifestError } from './manifest.ts'
import { milliQuantityOf, quantityOf } from './quantity.ts'

/** What the cluster adds to metadata decides nothing. */
export const Metadata = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().default('default'),
  annotations: z.record(z.string(), z.string()).nullish(),
})

export const TargetRef = z.strictObject({
  apiVersion: z.string().optional(),
  kind: z.string().default('Deployment'),
  name: z.string().min(1),
})

export const Quantity = z.union([z.string(), z.number()])

/** Positive, as milli-units. */
export const PositiveMilli = Quantity.transform((text, context) => {
  const milli = milliQuantityOf(text)
  if (milli > 0) return milli
  context.addIssue({ code: 'custom', message: `"${text}" is no quantity above 0, like 500m or 30` })
  return z.NEVER
})

const Rule = z.strictObject({
  type: z.enum(['Pods', 'Percent']),
  value: z.int().positive(),
  periodSeconds: z.int().min(1).max(1800),
})
const Side = z.strictObject({
  stabilizationWindowSeconds: z.int().min(0).max(3600).nullish(),
  selectPolicy: z.enum(['Max', 'Min', 'Disabled']).nullish(),
  policies: z.array(Rule).nullish(),
  tolerance: Quantity.nullish(),
})

/** `spec.behavior` with Kubernetes' defaults for what it leaves out. */
export const BehaviorField = z
  .strictObject({ scaleUp: Side.nullish(), scaleDown: Side.nullish() })
  .transform((sides, context) => {
    const full = Behavior.safeParse(
      Object.fromEntries(
        Object.entries(sides).flatMap(([side, rules]) => (rules ? [[side, present(rules)]] : [])),
      ),
    )
    if (full.success) return full.data
    context.addIssue({ code: 'custom', message: z.prettifyError(full.error) })
    return z.NEVER
  })

function present({ tolerance, policies, ...rest }: z.infer<typeof Side>): Record<string, unknown> {
  const set = {
    ...rest,
    ...(policies?.length ? { policies } : {}),
    ...(tolerance === null || tolerance === undefined ? {} : { tolerance: quantityOf(tolerance) }),
  }
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null))
}

/** Of HPAs: older versions have other fields for the same. Throws a ManifestError. */
export function refuseOldVersion(apiVersion: unknown, place: string): void {
  if (apiVersion === 'autoscaling/v2') return
  const allowed = 'autoscaling/v2 (kubectl get hpa.v2.autoscaling -o yaml gives it)'
  throw new ManifestError(place, 'apiVersion', apiVersion, allowed)
}

/** Throws a ManifestError for the first field that is not as `schema` says. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const issue = read.error.issues[0]!
  const extra = issue.code === 'unrecognized_keys' ? issue.keys : []
  const path = [...issue.path, ...extra.slice(0, 1)].map(String)
  const allowed =
    extra.length > 0 ? 'a field that is replayed (docs/whatif.md lists them)' : issue.message
  throw new ManifestError(place, path.join('.') || 'document', valueAt(value, path), allowed)
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}
