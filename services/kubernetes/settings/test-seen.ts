/** What a cluster may hold, made by hand and by chance: whatever anybody with a keyboard could have written into it. */
import fc from 'fast-check'
import { AppConfig } from '../../config.ts'
import { WorkloadRef } from '../workload.ts'
import { FIELDS, LIMITED } from './fields.ts'
import type { ObjectRef, Seen, SeenBudget, SeenPolicy, SeenWorkload } from './seen.ts'

export const baseOf = (
  settings: object = {},
  over: object = {},
  workloads: Record<string, object> = {},
): AppConfig => AppConfig.parse({ services: {}, kubernetes: { settings, workloads }, ...over })

const objectOf = (kind: string, namespace: string, name: string): ObjectRef => ({
  apiVersion: kind === 'Deployment' ? 'apps/v1' : 'forescale.dev/v1alpha1',
  ...{ kind, namespace, name },
  uid: `${kind}-${namespace}-${name}`,
})

export function deployment(
  name: string,
  annotations: Record<string, string> = { 'forescale.dev/enabled': 'true' },
  namespace = 'shop',
): SeenWorkload {
  const ref = WorkloadRef.parse({ namespace, name })
  return { object: objectOf('Deployment', namespace, name), ref, labels: {}, annotations }
}

export const policyOf = (name: string, target: string, spec: object = {}, age = 1): SeenPolicy => ({
  object: objectOf('ScalingPolicy', 'shop', name),
  generation: 1,
  createdAt: `2026-01-0${age}T00:00:00Z`,
  spec: { targetRef: { name: target }, ...spec },
})

export const budgetOf = (name: string, spec: object): SeenBudget => ({
  object: objectOf('Budget', '', name),
  generation: 1,
  spec,
})

export const seenOf = (over: Partial<Seen>): Seen => ({
  ...{ workloads: [], policies: [], budgets: [], globals: undefined },
  ...over,
})

const namespaceArb = fc.constantFrom('shop', 'search')
const nameArb = fc.constantFrom('web', 'cart', 'pay')

/** Values of every field, right and wrong, near the bounds and far from them. */
const valueArb = fc.oneof(
  fc.integer({ min: -1, max: 40 }),
  fc.integer(),
  fc.double({ min: 0, max: 2, noNaN: true }),
  fc.double(),
  fc.constantFrom('off', 'recommend', 'enforce', 'reactive', 'Max', 'Disabled', '', 'many'),
  fc.constant([{ type: 'Pods', value: 1, periodSeconds: 60 }]),
  fc.anything(),
)
const textArb = fc.oneof(
  valueArb.map((value) => JSON.stringify(value) ?? 'undefined'),
  fc.constantFrom('off', 'recommend', 'enforce', 'NaN', '1e999', '{"__proto__":1}', ' 3 '),
  fc.string(),
)
const annotationsArb = fc
  .dictionary(
    fc.oneof(
      fc.constantFrom(...FIELDS.map((field) => field.annotation)),
      fc.string().map((s) => `forescale.dev/${s}`),
    ),
    textArb,
    { maxKeys: 6 },
  )
  .chain((said) =>
    fc
      .constantFrom('true', 'true', 'true', 'false', 'yes')
      .map((enabled) => ({ ...said, 'forescale.dev/enabled': enabled })),
  )

const nested = (paths: readonly string[]) =>
  fc
    .dictionary(fc.constantFrom(...paths), valueArb, { maxKeys: 5 })
    .map((flat) => nestedOf(Object.entries(flat)))

function nestedOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const [path, value] of entries) {
    const keys = path.split('.')
    let here = root
    for (const key of keys.slice(0, -1)) {
      const next = here[key] ?? {}
      here[key] = next
      here = typeof next === 'object' ? (next as Record<string, unknown>) : {}
    }
    here[keys.at(-1)!] = value
  }
  return root
}

const settingsArb = nested(FIELDS.map(({ path }) => path))

export const workloadArb: fc.Arbitrary<SeenWorkload> = fc
  .record({ name: nameArb, namespace: namespaceArb, annotations: annotationsArb })
  .map(({ name, namespace, annotations }) => deployment(name, annotations, namespace))

const policyArb: fc.Arbitrary<SeenPolicy> = fc
  .record({
    name: fc.constantFrom('one', 'two', 'three'),
    target: fc.oneof(nameArb, fc.constant('nothing-there')),
    age: fc.integer({ min: 1, max: 9 }),
    spec: fc.oneof(
      settingsArb,
      fc.anything().map((spec) => Object(spec)),
    ),
  })
  .map(({ name, target, age, spec }) => policyOf(name, target, spec, age))

/** Limits that an administrator could write. */
export const limitsArb = fc.record(
  {
    maxReplicas: fc.integer({ min: 1, max: 30 }),
    minReplicas: fc.integer({ min: 0, max: 5 }),
    weight: fc.double({ min: 0.1, max: 3, noNaN: true }),
    fairShare: fc.double({ min: 0, max: 1, noNaN: true }),
    pricePerReplicaHour: fc.double({ min: 0.01, max: 1, noNaN: true }),
    mode: fc.constantFrom('off', 'recommend', 'enforce'),
  },
  { requiredKeys: [] },
)

export const budgetArb: fc.Arbitrary<SeenBudget> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c'),
    spec: fc.oneof(
      fc.record(
        {
          costPerHour: fc.double({ min: 0.05, max: 20, noNaN: true }),
          namespaces: fc.uniqueArray(namespaceArb),
          limits: limitsArb,
        },
        { requiredKeys: [] },
      ),
      fc.anything(),
    ),
  })
  .map(({ name, spec }) => budgetOf(name, spec as object))

const globalsArb = fc.option(
  fc.oneof(
    fc.string(),
    fc
      .record(
        {
          costBudgetPerHour: fc.oneof(fc.double({ min: 0.1, max: 30, noNaN: true }), valueArb),
          mode: fc.oneof(fc.constantFrom('off', 'recommend', 'enforce'), valueArb),
          defaults: settingsArb,
          limits: fc.oneof(limitsArb, nested(LIMITED.map(({ path }) => path))),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  ),
  { nil: undefined },
)

const idOf = ({ object }: { readonly object: ObjectRef }) =>
  `${object.kind}/${object.namespace}/${object.name}`

export const seenArb: fc.Arbitrary<Seen> = fc
  .record({
    workloads: fc.uniqueArray(workloadArb, { selector: idOf, maxLength: 5 }),
    policies: fc.uniqueArray(policyArb, { selector: idOf, maxLength: 3 }),
    budgets: fc.uniqueArray(budgetArb, { selector: idOf, maxLength: 3 }),
    text: globalsArb,
  })
  .map(({ text, ...rest }) => ({
    ...rest,
    globals: text === undefined ? undefined : { object: objectOf('ConfigMap', 'shop', 'g'), text },
  }))
