/** Arbitrary rows for the ledger's properties. */
import fc from 'fast-check'
import { Mode, PolicyKind } from '../../agents/service-spec.ts'
import { BoundBy, type Decision } from '../../coordinator/decision.ts'
import type { TickRecord } from './ledger.ts'

// SQLite knows no negative zero
const real = (min: number) =>
  fc.double({ min, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)
const count = fc.integer({ min: 0, max: 10_000 })

export const anyTick: fc.Arbitrary<TickRecord> = fc.record({
  tick: fc.integer({ min: 1, max: 2 ** 50 }),
  atMs: real(0),
  epoch: fc.string(),
  costBudgetPerHour: real(0),
  spendPerHour: real(0),
  shadowPrice: real(0),
  feasible: fc.boolean(),
  boundBy: fc.constantFrom(...BoundBy.options),
  configHash: fc.string(),
  durationMs: real(0),
  inputs: fc.uint8Array({ maxLength: 300 }),
  outputsHash: fc.string(),
})

export const anyDecision: fc.Arbitrary<Omit<Decision, 'id' | 'tick'>> = fc.record({
  atMs: real(0),
  service: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/),
  mode: fc.constantFrom(...Mode.options),
  policy: fc.constantFrom(...PolicyKind.options),
  policyVersion: fc.option(fc.string({ minLength: 1 })),
  from: count,
  to: count,
  reactiveNeed: fc.integer({ min: -1000, max: 10_000 }),
  wanted: count,
  costPerHour: real(0),
  shadowPrice: real(0),
  expectedLoss: real(0),
  boundBy: fc.constantFrom(...BoundBy.options),
  reason: fc.constantFrom('reactive', 'forecast', 'no-data'),
  rationale: fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '').toWellFormed()),
})
