/** Plain rows for the ledger's tests. A process that is killed imports them too: nothing that is slow to load. */
import type { Decision } from '../../coordinator/decision.ts'
import type { ForecastDocument } from '../../forecaster/forecast.ts'
import type { TickRecord } from './ledger.ts'
import type { NewModel } from './models-ledger.ts'

export const AT_MS = 1_795_248_000_000
export const TICK_MS = 15_000

export function tickOf(tick: number, over: Partial<TickRecord> = {}): TickRecord {
  return {
    tick,
    atMs: AT_MS + tick * TICK_MS,
    epoch: 'epoch',
    costBudgetPerHour: 10,
    spendPerHour: 0.1 + 0.2,
    shadowPrice: 1 / 3,
    feasible: true,
    boundBy: 'budget',
    configHash: 'specs-1',
    durationMs: 12.5,
    inputs: new Uint8Array([tick % 256, 0, 255]),
    outputsHash: 'hash',
    ...over,
  }
}

export function decisionOf(tick: number, service: string, over: Partial<Decision> = {}): Decision {
  return {
    id: `${tick}-${service}`,
    tick,
    atMs: AT_MS + tick * TICK_MS,
    service,
    mode: 'enforce',
    policy: 'predictive',
    policyVersion: null,
    from: 2,
    to: 3,
    reactiveNeed: 2,
    wanted: 4,
    costPerHour: 0.3,
    shadowPrice: 0.1,
    expectedLoss: 0.01,
    boundBy: 'budget',
    reason: 'forecast',
    rationale: 'three carry what comes',
    ...over,
  }
}

export function forecastOf(service: string, first = 1): ForecastDocument {
  return {
    service,
    metric: 'requests_per_second',
    issuedAtMs: AT_MS,
    expiresAtMs: AT_MS + 60_000,
    stepMs: TICK_MS,
    levels: [0.1, 0.5, 0.9],
    quantiles: [
      [first, 0.1 + 0.2],
      [first + 1, 1 / 3],
      [first + 2, Number.MAX_VALUE],
    ],
    drifting: false,
    model: { kind: 'last-value', version: 'v1', fittedAtMs: AT_MS },
    quality: { mase: null, scaledPinball: 0.1, coverage90: 0.9, origins: 3 },
  }
}

export function modelOf(
  service: string,
  fittedAtMs: number,
  over: Partial<NewModel> = {},
): NewModel {
  return {
    service,
    metric: 'requests_per_second',
    kind: 'last-value',
    version: 'v1',
    status: 'champion',
    fittedAtMs,
    fromMs: AT_MS - 4 * TICK_MS,
    toMs: AT_MS,
    stepMs: TICK_MS,
    steps: 4,
    configHash: 'abc',
    config: { horizonSteps: 3 },
    seed: 1,
    quality: { mase: 0.7, scaledPinball: 0.1, coverage90: 0.9, origins: 3 },
    contest: [{ kind: 'last-value', scaledPinball: 0.1, mase: null, note: 'only one' }],
    parent: null,
    reason: 'first',
    detail: '',
    contestFromMs: null,
    promotedAtMs: fittedAtMs,
    promotedBy: 'lifecycle',
    promotedWhy: 'the first',
    retiredAtMs: null,
    retiredBy: null,
    retiredWhy: null,
    ...over,
  }
}
