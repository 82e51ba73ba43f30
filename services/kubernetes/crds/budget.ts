/** A Budget: what an administrator allows, for the whole cluster or for some of its namespaces. */
import { z } from 'zod'
import { BudgetAmount } from '../../budget/config.ts'
import { TenantLimits } from '../settings/config.ts'
import { Condition } from './condition.ts'
import { byRules, type SpecRule } from './rules.ts'
import { COUNTS_RULE } from './scaling-policy.ts'

/** Without the rules that span several of its fields. */
export const BudgetFields = z.strictObject({
  costPerHour: BudgetAmount.optional().meta({
    description: 'Most that all services concerned may cost, $/hour.',
  }),
  costPerDay: BudgetAmount.optional().meta({
    description: 'Most that all services may cost in a day, $; of the whole cluster only.',
  }),
  costPerMonth: BudgetAmount.optional().meta({
    description: 'Most that all services may cost in a month, $; of the whole cluster only.',
  }),
  namespaces: z.array(z.string().min(1).max(63)).max(1000).default([]).meta({
    description: 'Namespaces that it is for; empty: the whole cluster.',
  }),
  limits: TenantLimits.default({}).meta({
    description: 'How far annotations and ScalingPolicies of these namespaces may go.',
  }),
})

export const BUDGET_RULES: readonly SpecRule<z.infer<typeof BudgetFields>>[] = [
  {
    cel: '!(has(self.costPerDay) || has(self.costPerMonth)) || !has(self.namespaces) || size(self.namespaces) == 0',
    message: 'days and months are paced for the whole cluster only',
    holds: ({ costPerDay, costPerMonth, namespaces }) =>
      (costPerDay === undefined && costPerMonth === undefined) || namespaces.length === 0,
    path: ['namespaces'],
  },
  {
    cel: '!has(self.costPerDay) || !has(self.costPerMonth) || self.costPerDay <= self.costPerMonth',
    message: 'costPerDay must not be greater than costPerMonth',
    holds: ({ costPerDay = 0, costPerMonth = Number.POSITIVE_INFINITY }) =>
      costPerDay <= costPerMonth,
    path: ['costPerDay'],
  },
]
/** Of the limits, which are checked where they stand. */
export const LIMITS_RULE = COUNTS_RULE

export const BudgetSpec = BudgetFields.superRefine(
  byRules<z.infer<typeof BudgetFields>>([
    ...BUDGET_RULES,
    { ...LIMITS_RULE, holds: ({ limits }) => LIMITS_RULE.holds(limits), path: ['limits'] },
  ]),
)
export type BudgetSpec = z.infer<typeof BudgetSpec>

export const BudgetStatus = z.strictObject({
  observedGeneration: z.int().optional(),
  services: z.int().optional().meta({ description: 'How many services it is for.' }),
  costPerHour: z.number().optional().meta({
    description: 'Of the replicas of the last decisions, $/hour.',
  }),
  inForcePerHour: z.number().optional().meta({
    description: 'The budget by which the last tick decided, $/hour; of the whole cluster only.',
  }),
  conditions: z.array(Condition).optional(),
})
export type BudgetStatus = z.infer<typeof BudgetStatus>
