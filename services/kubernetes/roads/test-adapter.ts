/**
 * A small model of prometheus-adapter over a real Prometheus, for tests: which series a rule finds, how it names them, and
 * what it asks when an HPA asks. Source: kubernetes-sigs/prometheus-adapter pkg/naming/{metric_namer,metrics_query,
 * resource_converter}.go: selector first, then the namespace; a custom metric is grouped by its resource's label, an
 * External one by nothing of its own; several names are matched as one pattern.
 */
import type { AdapterConfig, AdapterRule } from './adapter-rules.ts'

export interface PromSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
type Matchers = readonly (readonly [string, string])[]

async function ask(url: string, path: string, query: Record<string, string>): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`)
  const body = (await response.json()) as { status: string; error?: string; data: unknown }
  if (body.status !== 'success') throw new Error(`${path} ${JSON.stringify(query)}: ${body.error}`)
  return body.data
}

export async function queryOf(url: string, query: string): Promise<PromSample[]> {
  const { result } = (await ask(url, 'query', { query })) as {
    result: { metric: Record<string, string>; value: [number, string] }[]
  }
  return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
}

/** Names of series that the rule's discovery finds, by the name under which it serves them. */
async function discovered(url: string, rule: AdapterRule): Promise<Map<string, string>> {
  const found = (await ask(url, 'series', { 'match[]': rule.seriesQuery })) as {
    __name__: string
  }[]
  const names = found.flatMap(({ __name__ }) => {
    const match = new RegExp(rule.name.matches).exec(__name__)
    if (!match) return []
    return [
      [rule.name.as.replaceAll(/\$(\d)/g, (_, i) => match[Number(i)] ?? ''), __name__],
    ] as const
  })
  return new Map(names)
}

function filled(rule: AdapterRule, series: string, matchers: Matchers, groupBy: string): string {
  const text = matchers.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')
  const query = rule.metricsQuery
    .replaceAll('<<.Series>>', series)
    .replaceAll('<<.LabelMatchers>>', text)
    .replaceAll('<<.GroupBy>>', groupBy)
  if (query.includes('<<')) throw new Error(`a template of a form that is not modelled: ${query}`)
  return query
}

const labelOf = ({ resources }: AdapterRule, resource: string): string | undefined =>
  Object.entries(resources.overrides).find(([, one]) => one.resource === resource)?.[0]

/** GET external.metrics.k8s.io/…/namespaces/{namespace}/{metric}?labelSelector=: one sample an item. */
export async function externalItems(
  url: string,
  { externalRules }: AdapterConfig,
  asked: { namespace: string; metric: string; matchLabels: Readonly<Record<string, string>> },
): Promise<PromSample[]> {
  const items: PromSample[] = []
  for (const rule of externalRules) {
    const series = (await discovered(url, rule)).get(asked.metric)
    if (series === undefined) continue
    const namespace = labelOf(rule, 'namespace')!
    const matchers: Matchers = [...Object.entries(asked.matchLabels), [namespace, asked.namespace]]
    items.push(...(await queryOf(url, filled(rule, series, matchers, ''))))
  }
  return items
}

/** GET custom.metrics.k8s.io/…/namespaces/{namespace}/{resource}/{name}/{metric}: values of that object. */
export async function customItems(
  url: string,
  { rules }: AdapterConfig,
  asked: { namespace: string; resource: string; name: string; metric: string },
  matchLabels: Readonly<Record<string, string>> = {},
): Promise<PromSample[]> {
  const items: PromSample[] = []
  for (const rule of rules) {
    const label = labelOf(rule, asked.resource)
    const series = (await discovered(url, rule)).get(asked.metric)
    if (label === undefined || series === undefined) continue
    const namespace = labelOf(rule, 'namespace')!
    const matchers: Matchers = [
      ...Object.entries(matchLabels),
      [namespace, asked.namespace],
      [label, asked.name],
    ]
    const found = await queryOf(url, filled(rule, series, matchers, label))
    items.push(...found.filter(({ labels }) => labels[label] === asked.name))
  }
  return items
}
