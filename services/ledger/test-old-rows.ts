/**
 * Rows for the ledgers of earlier versions that are kept as fixtures, by column as the databases name them. A version's
 * fixture takes the columns that it had. What stands in a fixture never changes; a new column gets its value here.
 */

import { type AuditRow, detailText, nextRow } from '../audit/chain.ts'
import { policyRow } from '../rollouts/policy-version.ts'
import { RolloutSettings } from '../rollouts/rollout.ts'
import { constantPolicy } from '../rollouts/test-policies.ts'
import { AT_MS, decisionOf, forecastOf, modelOf, TICK_MS, tickOf } from './test-rows.ts'

/** Documents go in as text. */
export type OldValue =
  | string
  | number
  | boolean
  | Uint8Array
  | null
  | { readonly document: unknown }
export type OldRow = Readonly<Record<string, OldValue>>

const CASES = /[A-Z]/g
/** Of a row as the program has it: its columns' names, in snake case. */
function columns(row: object, over: OldRow = {}): OldRow {
  const named = Object.entries(row).map(([key, value]) => [
    key.replaceAll(CASES, (letter) => `_${letter.toLowerCase()}`),
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
      ? { document: value }
      : value,
  ])
  return { ...Object.fromEntries(named), ...over }
}

function decisions(): OldRow[] {
  return ['a', 'b'].map((service, i) => {
    const { from, to, ...rest } = decisionOf(2, service)
    const settlement = i === 0 ? 'applied' : 'pending'
    return columns(rest, {
      from_replicas: from,
      to_replicas: to,
      settlement,
      settled_at_ms: null,
      detail: null,
    })
  })
}

function auditRows(): OldRow[] {
  const rows: AuditRow[] = []
  for (const target of ['a', null, 'größer']) {
    const detail = { costBudgetPerHour: 0.1 + 0.2 }
    rows.push(
      nextRow(rows.at(-1), {
        atMs: AT_MS,
        actor: 'key:ci',
        action: 'budget.change',
        target,
        detail,
      }),
    )
  }
  return rows.map(({ detail, ...row }) => columns(row, { detail: detailText(detail) }))
}

/** Loads of a day, little-endian float64. */
const parts = new Uint8Array(new Float64Array([1, 0.1 + 0.2, 1 / 3]).buffer)

function policyRows(): OldRow[] {
  const document = constantPolicy(1.1)
  const arrival = { source: 'import', addedAtMs: AT_MS, addedBy: 'ann', why: 'to try' } as const
  return [columns(policyRow(document, arrival), { document: { document } })]
}

const rollout = {
  ...{ number: 1, kind: 'rollout', services: ['a'], champion: null },
  candidate: { policy: 'learned', version: '0123456789abcdef' },
  before: { a: { policy: 'predictive', version: null } },
  ...{ settings: RolloutSettings.parse({}), blockTicks: 8, stage: 'shadow', outcome: null },
  ...{ stageFromTick: 3, startedAtMs: AT_MS, endedAtMs: null },
  changes: [{ stage: 'shadow', tick: 3, atMs: AT_MS, by: 'ann', why: 'to try', findings: null }],
}
const unit = {
  ...{ service: 'a', block: 1, arm: 1, probabilities: [0.8, 0.2], candidate: [0, 1] },
  ...{ champion: [1, 0], loss: 0.1 + 0.2, burn: 1 / 3, predicted: [{ loss: 1, burn: 0 }] },
}
const { service, fittedAtMs, ...fitted } = modelOf('a', AT_MS)

/** Columns that fill themselves are left to the database. */
export const OLD_ROWS: Readonly<Record<string, () => readonly OldRow[]>> = {
  meta: () => [{ key: 'epoch', value: 'of an earlier version' }],
  ticks: () => [1, 2].map((tick) => columns(tickOf(tick))),
  decisions,
  // as they were before quantiles had a column of their own
  forecasts: () => [
    {
      service: 'a',
      metric: 'requests_per_second',
      at_ms: AT_MS + TICK_MS,
      document: { document: forecastOf('a', 7) },
      quantiles: null,
    },
  ],
  outcomes: () => [
    {
      tick: 1,
      service: 'a',
      at_ms: AT_MS,
      load_rps: 1 / 3,
      violation_ratio: null,
      replica_hours: 0.1,
      cost: 0.2,
    },
  ],
  checkpoints: () => [{ key: 'loop', value: { document: { tick: 2 } }, at_ms: AT_MS }],
  settings: () =>
    [9, 12].map((value) => ({
      key: 'costBudgetPerHour',
      value: { document: value },
      changed_at_ms: AT_MS,
      actor: 'key:ci',
    })),
  models: () => [
    {
      service,
      fitted_at_ms: fittedAtMs,
      document: { document: { service, fittedAtMs, ...fitted } },
    },
  ],
  model_versions: () => [columns({ service, fittedAtMs, ...fitted, number: 1 })],
  model_artifacts: () => [
    {
      service,
      metric: fitted.metric,
      number: 1,
      stands_at_ms: AT_MS,
      format_version: 1,
      sha256: 'ab',
      packed: new Uint8Array([1, 0, 255]),
    },
  ],
  policies: policyRows,
  rollouts: () => [
    { number: 1, stage: 'shadow', started_at_ms: AT_MS, document: { document: rollout } },
  ],
  rollout_units: () => [
    { rollout: 1, stage: 'shadow', service: 'a', block: 1, unit: { document: unit } },
  ],
  alerts: () => [
    {
      ...{ id: 'alert-1', key: 'anomaly/load/a', kind: 'spike', severity: 'warning', service: 'a' },
      ...{ summary: 'load of a', figures: { document: { load: 0.1 + 0.2, expected: null } } },
      ...{ since_ms: AT_MS, opened_at_ms: AT_MS, updated_at_ms: AT_MS, closed_at_ms: null },
      ...{ acknowledged_at_ms: null, acknowledged_by: null },
    },
  ],
  deliveries: () => [
    {
      ...{ id: 'delivery-1', alert_id: 'alert-1', url: 'http://127.0.0.1:1/hook', body: '{"a":1}' },
      ...{
        created_at_ms: AT_MS,
        attempts: 1,
        next_at_ms: AT_MS,
        delivered_at_ms: null,
        error: 'HTTP 503',
      },
    },
  ],
  demand_days: () => [{ service: 'a', day_ms: 86_400_000, start_ms: AT_MS, parts }],
  api_keys: () => [
    {
      ...{ id: '000000000001', name: 'ci', hash: 'ab'.repeat(32), role: 'operator' },
      ...{ groups: { document: ['a', 'b'] }, created_at_ms: AT_MS, created_by: 'machine' },
      ...{
        expires_at_ms: null,
        revoked_at_ms: null,
        revoked_by: null,
        replaced_by: null,
        last_used_at_ms: 5,
      },
    },
  ],
  audit: auditRows,
  leases: () => [
    { name: 'controller', token: 7, holder: 'one', url: 'http://10.0.0.1:8080', renewals: 3 },
  ],
  shares: () => [
    {
      shard: 'one',
      round: 1,
      token: 1,
      claim_per_hour: 1.25,
      said: { document: { shard: 'one' } },
    },
  ],
}
