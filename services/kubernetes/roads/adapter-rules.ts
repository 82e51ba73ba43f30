/**
 * Rules for prometheus-adapter (kubernetes-sigs/prometheus-adapter, docs/config.md): our series as External metrics, and
 * as custom metrics of Deployments and StatefulSets.
 *
 * The HPA adds up all that it is given, and the adapter makes 0 or −2⁶³ of a NaN; so each rule gives one value a workload
 * however many controllers Prometheus scrapes, and none that is past its own `valid until`, as what a frozen exporter or a
 * cache still shows is.
 */
import { VALID_UNTIL_METRIC } from '../../telemetry/workload-metrics.ts'
import { DESIRED_SIGNAL, FORECAST_SIGNAL, LOAD_SIGNAL, RECOMMENDED_SIGNAL } from '../signal.ts'

/** What makes a workload one; `instance` beside them makes a scraped controller one. */
const WORKLOAD_LABELS = ['namespace', 'workload', 'kind', 'service'] as const
const SERIES = [FORECAST_SIGNAL, LOAD_SIGNAL, DESIRED_SIGNAL, RECOMMENDED_SIGNAL]

export interface AdapterRule {
  readonly seriesQuery: string
  readonly resources: {
    readonly overrides: Readonly<Record<string, { group?: string; resource: string }>>
  }
  readonly name: { readonly matches: string; readonly as: string }
  readonly metricsQuery: string
}

export interface AdapterConfig {
  readonly rules: readonly AdapterRule[]
  readonly externalRules: readonly AdapterRule[]
}

/** `series{matchers}`, as far as the same controller says that it may still be used. */
function valid(series: string, matchers: string): string {
  const on = [...WORKLOAD_LABELS, 'job', 'instance'].join(', ')
  return `${series}{${matchers}} and on (${on}) (${VALID_UNTIL_METRIC}{signal="${series}"} > time())`
}

/** One series for one workload: what a KEDA prometheus trigger asks for. */
export function guardedQuery(series: string, labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `max(${valid(series, matchers.join(','))})`
}

const ANY = `{__name__=~"^(${SERIES.join('|')})$",namespace!="",workload!=""`
const NAMESPACE = { resource: 'namespace' }
const SAME_NAME = { matches: '^(.*)$', as: '$1' }

const externalRule: AdapterRule = {
  seriesQuery: `${ANY}}`,
  resources: { overrides: { namespace: NAMESPACE } },
  name: SAME_NAME,
  // of External metrics <<.GroupBy>> is empty
  metricsQuery: `max by (${WORKLOAD_LABELS.join(', ')}) (${valid('<<.Series>>', '<<.LabelMatchers>>')})`,
}

const customRule = (kind: string, resource: string): AdapterRule => ({
  seriesQuery: `${ANY},kind="${kind}"}`,
  resources: { overrides: { namespace: NAMESPACE, workload: { group: 'apps', resource } } },
  name: SAME_NAME,
  metricsQuery: `max by (<<.GroupBy>>) (${valid('<<.Series>>', `<<.LabelMatchers>>,kind="${kind}"`)})`,
})

export const EXTERNAL_RULES: AdapterConfig = { rules: [], externalRules: [externalRule] }
export const CUSTOM_RULES: AdapterConfig = {
  rules: [customRule('Deployment', 'deployments'), customRule('StatefulSet', 'statefulsets')],
  externalRules: [],
}
