/**
 * Which values a request asks for, as items of the two metrics APIs. Consumers add up the items that they are given, so it
 * is all or nothing: where one of those asked for has no value, the answer is 503 and the consumer holds what it has. Pure.
 */
import { LEVELS } from '../../../forecaster/forecast.ts'
import type { ServiceId } from '../../../forecaster/series.ts'
import {
  FORECAST_SIGNAL,
  isReplicaSignal,
  isSignalName,
  SIGNAL_NAMES,
  type Signal,
  type SignalConfig,
  type SignalName,
  signalIn,
  type signalInputs,
} from '../signal.ts'
import type { WorkloadRef, Workloads } from '../workload.ts'
import { GROUPS, resourceOf } from './groups.ts'
import { quantityText } from './quantity-text.ts'
import { asksFor, labelSelectorOf, matches, type Selector } from './selector.ts'
import { ApiStatus } from './status.ts'

/** One look at what is known now. */
export interface MetricsView {
  readonly workloads: Workloads
  readonly inputs: ReturnType<typeof signalInputs>
  readonly signal: SignalConfig
}

interface Row {
  readonly service: ServiceId
  readonly ref: WorkloadRef
  readonly labels: Readonly<Record<string, string>>
  readonly signal: Signal
}
type Value = Extract<Signal, { kind: 'value' }>

export const ALL_OBJECTS = '*'

/** The labels of a workload's values, as those of its series at /metrics; a forecast has its level beside. */
function rowsOf(
  view: MetricsView,
  name: SignalName,
  selector: Selector,
  isMeant: (ref: WorkloadRef) => boolean,
): Row[] {
  // other levels than the configured one are there for who names them
  const levels =
    name === FORECAST_SIGNAL && asksFor(selector, 'level') ? LEVELS : [view.signal.level]
  return [...view.workloads]
    .filter(([, ref]) => isMeant(ref))
    .flatMap(([service, ref]) =>
      levels.flatMap((level): Row[] => {
        const { namespace, name: workload, kind } = ref
        const labels = {
          ...{ service, namespace, workload, kind },
          ...(name === FORECAST_SIGNAL ? { level: String(level) } : {}),
        }
        if (!matches(selector, labels)) return []
        const config = { ...view.signal, level: level as SignalConfig['level'] }
        return [{ service, ref, labels, signal: signalIn(view.inputs, service, name, config) }]
      }),
    )
}

function carried({ service, signal }: Row, name: SignalName): Value {
  if (signal.kind === 'value') return signal
  throw new ApiStatus(
    503,
    `${name} of service ${service} has no value now (${signal.reason}): ${signal.detail}`,
  )
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, -5)}Z`
/** The stretch of time that a forecast speaks of, as whole seconds. */
const windowOf = (value: Value, key: string) =>
  value.windowMs === undefined ? {} : { [key]: Math.round(value.windowMs / 1000) }

/** What `GET …/namespaces/{namespace}/{metric}` answers. Unknown metrics have no items, as the contract wants it. */
export function externalList(
  view: MetricsView,
  namespace: string,
  metric: string,
  selector: Selector,
) {
  const { group, versions, kind } = GROUPS.external
  const list = { kind, apiVersion: `${group}/${versions[0]}`, metadata: {} }
  if (!isSignalName(metric)) return { ...list, items: [] }
  const rows = rowsOf(view, metric, selector, (ref) => ref.namespace === namespace)
  refuseNonsense(metric, rows)
  const items = rows.map((row) => {
    const value = carried(row, metric)
    return {
      metricName: metric,
      metricLabels: row.labels,
      timestamp: timeOf(value.atMs),
      ...windowOf(value, 'window'),
      value: quantityText(value.value),
    }
  })
  return { ...list, items }
}

/** Loads of several workloads may be added, as a consumer will; counts of replicas, or several quantiles of one load, not. */
function refuseNonsense(metric: SignalName, rows: readonly Row[]): void {
  const services = new Set(rows.map(({ service }) => service))
  if (isReplicaSignal(metric) && services.size > 1)
    throw new ApiStatus(
      400,
      `${metric} is of one workload, and the selector leaves ${services.size} whose counts would be added: name one, such as service=${rows[0]!.service}`,
    )
  if (rows.length > services.size)
    throw new ApiStatus(
      400,
      `the selector leaves several levels of one forecast, which would be added: name one, such as level=${rows[0]!.labels.level}`,
    )
}

export interface CustomRequest {
  readonly version: (typeof GROUPS.custom.versions)[number]
  readonly namespace: string
  /** `deployments.apps`. */
  readonly resource: string
  /** `*`: all of the namespace. */
  readonly name: string
  readonly metric: string
  readonly selector: Selector
}

/** What `GET …/namespaces/{namespace}/{resource}/{name}/{metric}` answers: for one object exactly one item, or an error. */
export function customList(view: MetricsView, request: CustomRequest) {
  const { version, namespace, resource, name, metric, selector } = request
  if (!isSignalName(metric))
    throw new ApiStatus(
      404,
      `there is no metric ${metric} for ${resource}; there are ${SIGNAL_NAMES.join(', ')}`,
    )
  const isAll = name === ALL_OBJECTS
  const rows = rowsOf(
    view,
    metric,
    selector,
    (ref) =>
      ref.namespace === namespace && resourceOf(ref) === resource && (isAll || ref.name === name),
  )
  if (rows.length === 0 && !isAll)
    throw new ApiStatus(
      404,
      `no service scales ${resource} ${namespace}/${name}, or its labels do not match the selector`,
    )
  refuseLevels(rows)
  // each item is of another object and nobody adds them: those without a value are left out of a list of all
  const shown = isAll ? rows.filter(({ signal }) => signal.kind === 'value') : rows
  const items = shown.map((row) => itemOf(version, row, metric, selector))
  return { kind: GROUPS.custom.kind, apiVersion: apiVersion(version), metadata: {}, items }
}

const apiVersion = (version: string): string => `${GROUPS.custom.group}/${version}`

function refuseLevels(rows: readonly Row[]): void {
  if (rows.length > new Set(rows.map(({ service }) => service)).size)
    throw new ApiStatus(
      400,
      `metricLabelSelector leaves several levels of one forecast: name one, such as level=${rows[0]!.labels.level}`,
    )
}

/** The two versions name the metric and its window differently. */
function itemOf(
  version: CustomRequest['version'],
  row: Row,
  metric: SignalName,
  selector: Selector,
) {
  const { kind, namespace, name, apiVersion: objectVersion } = row.ref
  const value = carried(row, metric)
  const described = { describedObject: { kind, namespace, name, apiVersion: objectVersion } }
  const measured = { timestamp: timeOf(value.atMs), value: quantityText(value.value) }
  const asked = labelSelectorOf(selector)
  return version === 'v1beta1'
    ? {
        ...described,
        metricName: metric,
        ...measured,
        ...windowOf(value, 'window'),
        selector: asked,
      }
    : {
        ...described,
        metric: { name: metric, selector: asked },
        ...measured,
        ...windowOf(value, 'windowSeconds'),
      }
}
