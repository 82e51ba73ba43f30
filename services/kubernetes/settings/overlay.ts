/**
 * The configuration as the cluster has it: what administrators and tenants say there, laid over the file. A pure function:
 * the same objects give the same configuration, in whatever order they were seen, and an object that is wrong changes nothing
 * but its own service.
 *
 * The strongest first: ScalingPolicy, annotation, ConfigMap's defaults, kubernetes.settings.defaults; and for a service of
 * the file the file, which is its limit as well. Limits are the narrowest of the file, the ConfigMap and all Budgets
 * that concern the namespace.
 */
import { Mode, ServiceSpec } from '../../../agents/service-spec.ts'
import type { ServiceId } from '../../../forecaster/series.ts'
import { AppConfig } from '../../config.ts'
import {
  identityOf,
  serviceNameFor,
  serviceOf,
  type WorkloadRef,
  type Workloads,
  workloadsOf,
} from '../workload.ts'
import { isOfCluster, least, limitsIn, type ReadBudget, readBudget } from './budgets.ts'
import { type Candidate, candidatesOf, conflict, objectsOf } from './candidates.ts'
import { fieldAt, narrower, type Values, valuesOf } from './fields.ts'
import { type ReadGlobals, readGlobals } from './globals.ts'
import { type Layer, limitsOfSpec, specFrom, tightest } from './narrow.ts'
import { type ObjectReport, openReports, type Reports } from './reports.ts'
import type { Seen, SettingFault } from './seen.ts'
import { shareOut } from './share.ts'
import { narrowTiers } from './tiers.ts'

export interface Overlay {
  readonly config: AppConfig
  readonly reports: readonly ObjectReport[]
}

/** `base` must have `kubernetes.settings`. */
export function overlay(base: AppConfig, seen: Seen): Overlay {
  const settings = base.kubernetes?.settings
  if (!settings) return { config: base, reports: [] }
  const reports = openReports(seen)
  const globals = readGlobals(seen.globals)
  if (seen.globals) reports.of(seen.globals.object).faults.push(...globals.faults)
  const budgets = seen.budgets.map(readBudget).sort(byName)
  for (const { seen: one, faults } of budgets) reports.of(one.object).faults.push(...faults)
  const candidates = candidatesOf(base, seen, reports)
  const services = new Map<ServiceId, ServiceSpec>(Object.entries(base.services))
  const workloads = new Map<ServiceId, WorkloadRef>(workloadsOf(base))
  for (const one of candidates) {
    const service = serviceOf(workloadsOf(base), one.ref) ?? serviceNameFor(one.ref)
    const owner = workloads.get(service)
    if (owner && identityOf(owner) !== identityOf(one.ref)) {
      for (const { object } of objectsOf(one))
        reports.of(object).faults.push(conflict(`the service ${service} scales another workload`))
      continue
    }
    const { spec, faults } = specOf(base, globals, budgets, one, base.services[service])
    services.set(service, narrowTiers(spec, base.tiers))
    workloads.set(service, one.ref)
    for (const { object, own } of objectsOf(one)) {
      const report = reports.of(object)
      report.services.add(service)
      report.faults.push(...faults.filter(own))
    }
  }
  share(budgets, services, workloads, reports)
  const config = AppConfig.parse({
    ...totals(base, globals, budgets),
    services: Object.fromEntries(services),
    kubernetes: { ...base.kubernetes, workloads: Object.fromEntries(workloads) },
  })
  return { config, reports: reports.list() }
}

function specOf(
  base: AppConfig,
  globals: ReadGlobals,
  budgets: readonly ReadBudget[],
  { ref, said, spec }: Candidate,
  known: ServiceSpec | undefined,
) {
  const settings = base.kubernetes!.settings!
  const limits = tightest(
    valuesOf(settings.limits),
    globals.limits,
    limitsIn(budgets, ref.namespace),
    ...(known ? [limitsOfSpec(known)] : []),
  )
  const off: Values = new Map(said?.enabled === false ? [['mode', 'off']] : [])
  const layers: Layer[] = [
    ...(known ? [] : [{ values: valuesOf(settings.defaults) }, { values: globals.defaults }]),
    { values: said?.values ?? new Map(), nameOf: annotationOf },
    { values: valuesOf(spec), nameOf: (path) => `spec.${path}` },
    { values: off },
  ]
  return specFrom(known ?? ServiceSpec.parse({}), layers, limits)
}

const annotationOf = (path: string): string => fieldAt(path)?.annotation ?? path

/** Budgets of namespaces, one after the other: each can only lower. */
function share(
  budgets: readonly ReadBudget[],
  services: Map<ServiceId, ServiceSpec>,
  workloads: Workloads,
  reports: Reports,
): void {
  for (const budget of budgets) {
    const report = reports.of(budget.seen.object)
    const own = [...services].filter(
      ([service]) =>
        isOfCluster(budget) ||
        budget.spec.namespaces.includes(workloads.get(service)?.namespace ?? ''),
    )
    for (const [service] of own) report.services.add(service)
    if (isOfCluster(budget) || budget.spec.costPerHour === undefined) continue
    const costPerHour = budget.spec.costPerHour
    const onTiers = own.filter(([, spec]) => spec.tier !== undefined).map(([service]) => service)
    if (onTiers.length > 0)
      report.faults.push(
        held(costPerHour, `${onTiers.join(', ')} run on tiers and are not held by it`),
      )
    const plain = own.filter(([, spec]) => spec.tier === undefined)
    const { specs, bound, infeasible } = shareOut(new Map(plain), costPerHour)
    for (const [service, spec] of specs) services.set(service, spec)
    if (infeasible)
      report.faults.push(
        held(costPerHour, 'one replica of each service costs more; each may have one'),
      )
    for (const other of reports.all()) other.budgetBound ||= hasAny(other.services, bound)
  }
}

const held = (costPerHour: number, message: string): SettingFault => ({
  kind: 'narrowed',
  field: 'spec.costPerHour',
  value: String(costPerHour),
  message,
})

const hasAny = <T>(all: ReadonlySet<T>, some: ReadonlySet<T>): boolean =>
  [...some].some((one) => all.has(one))

/** Money and mode of the whole cluster: the least that anybody allows. */
function totals(base: AppConfig, globals: ReadGlobals, budgets: readonly ReadBudget[]): AppConfig {
  const all = budgets.filter(isOfCluster).map(({ spec }) => spec)
  const perDay = least(base.budget.perDay, ...all.map((one) => one.costPerDay))
  const perMonth = least(base.budget.perMonth, ...all.map((one) => one.costPerMonth))
  const cost = least(
    base.costBudgetPerHour,
    globals.costBudgetPerHour,
    ...all.map((one) => one.costPerHour),
  )
  return {
    ...base,
    mode: Mode.parse(narrower('at-most', base.mode, globals.mode)),
    costBudgetPerHour: cost ?? base.costBudgetPerHour,
    budget: {
      ...base.budget,
      ...(perDay === undefined ? {} : { perDay }),
      ...(perMonth === undefined ? {} : { perMonth }),
    },
  }
}

const byName = (a: ReadBudget, b: ReadBudget): number =>
  a.seen.object.name < b.seen.object.name ? -1 : 1
