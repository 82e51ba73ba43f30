/** The custom resources as the cluster is told of them, made from the schemas that read them. deploy/crds holds them as YAML. */
import { BUDGET_RULES, BudgetSpec, BudgetStatus, LIMITS_RULE } from './budget.ts'
import {
  POLICY_RULES,
  POLICY_TRANSITION,
  ScalingPolicySpec,
  ScalingPolicyStatus,
} from './scaling-policy.ts'
import { type Structural, structuralOf, type Validation } from './structural.ts'

export const GROUP = 'forescale.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}`
export const POLICIES = 'scalingpolicies'
export const BUDGETS = 'budgets'

interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'date'
  readonly jsonPath: string
  readonly description?: string
  /** Shown by -o wide only. */
  readonly priority?: number
}

const conditionAt = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`
const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

const POLICY_COLUMNS: readonly Column[] = [
  { name: 'Target', type: 'string', jsonPath: '.spec.targetRef.name' },
  { name: 'Mode', type: 'string', jsonPath: '.status.mode', description: 'In force' },
  { name: 'Min', type: 'integer', jsonPath: '.status.minReplicas' },
  { name: 'Max', type: 'integer', jsonPath: '.status.maxReplicas' },
  { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas' },
  { name: 'Wanted', type: 'integer', jsonPath: '.status.wantedReplicas' },
  { name: 'Ready', type: 'string', jsonPath: conditionAt('Ready') },
  { name: 'Conflict', type: 'string', jsonPath: conditionAt('Conflict') },
  { name: 'Degraded', type: 'string', jsonPath: conditionAt('Degraded'), priority: 1 },
  { name: 'BudgetBound', type: 'string', jsonPath: conditionAt('BudgetBound'), priority: 1 },
  { name: 'Why', type: 'string', jsonPath: '.status.lastDecision.rationale', priority: 1 },
  AGE,
]
const BUDGET_COLUMNS: readonly Column[] = [
  { name: 'Cost/h', type: 'number', jsonPath: '.spec.costPerHour' },
  { name: 'Used/h', type: 'number', jsonPath: '.status.costPerHour' },
  { name: 'Services', type: 'integer', jsonPath: '.status.services' },
  { name: 'Ready', type: 'string', jsonPath: conditionAt('Ready') },
  { name: 'Bound', type: 'string', jsonPath: conditionAt('BudgetBound') },
  AGE,
]

interface Kind {
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly scope: 'Namespaced' | 'Cluster'
  readonly description: string
  readonly columns: readonly Column[]
  readonly spec: Structural
  readonly status: Structural
}

/** As `kubectl apply` takes them. */
export function customResourceDefinitions() {
  return [
    definitionOf({
      ...{ kind: 'ScalingPolicy', plural: POLICIES, singular: 'scalingpolicy' },
      ...{ shortNames: ['fsp'], scope: 'Namespaced', columns: POLICY_COLUMNS },
      description: 'What the owner of a workload asks of Forescale, within what Budgets allow.',
      spec: ruled(structuralOf(ScalingPolicySpec), [
        ...POLICY_RULES.map(({ cel, message }) => ({ rule: cel, message })),
        POLICY_TRANSITION,
      ]),
      status: withConditions(structuralOf(ScalingPolicyStatus)),
    }),
    definitionOf({
      ...{ kind: 'Budget', plural: BUDGETS, singular: 'budget' },
      ...{ shortNames: ['fsb'], scope: 'Cluster', columns: BUDGET_COLUMNS },
      description: 'What an administrator allows services to cost and to ask for.',
      spec: ruled(
        withLimits(structuralOf(BudgetSpec)),
        BUDGET_RULES.map(({ cel, message }) => ({ rule: cel, message })),
      ),
      status: withConditions(structuralOf(BudgetStatus)),
    }),
  ]
}

function definitionOf({ kind, plural, singular, shortNames, scope, ...rest }: Kind) {
  const { description, columns, spec, status } = rest
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}`, labels: { 'app.kubernetes.io/part-of': 'forescale' } },
    spec: {
      group: GROUP,
      scope,
      names: {
        ...{ kind, plural, singular, listKind: `${kind}List` },
        shortNames: [...shortNames],
        categories: ['forescale'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns.map((column) => ({ ...column })),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
                status,
              },
            },
          },
        },
      ],
    },
  }
}

const ruled = (schema: Structural, rules: readonly Validation[]): Structural => ({
  ...schema,
  'x-kubernetes-validations': rules,
})

function withLimits(spec: Structural): Structural {
  const { cel, message } = LIMITS_RULE
  const limits = ruled(spec.properties!.limits!, [{ rule: cel, message }])
  return { ...spec, properties: { ...spec.properties, limits } }
}

/** One condition a type, also when several write. */
function withConditions(status: Structural): Structural {
  const conditions = {
    ...status.properties!.conditions!,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  }
  return { ...status, properties: { ...status.properties, conditions } }
}
