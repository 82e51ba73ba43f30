/** Documents of learned policies and rollouts, as the API's documentation and tests show them. */
import { storeFloats } from '../../agents/learning/numbers.ts'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import type { AutomaticView } from '../rollouts/automatic-view.ts'
import { type LearnAnswer, type PolicyVersion, policyRow } from '../rollouts/policy-version.ts'
import { RolloutRequest, type RolloutView, rolloutOf } from '../rollouts/request.ts'
import type { Strategy } from '../rollouts/rollout.ts'

const AT_MS = Date.parse('2026-11-21T08:00:00Z')
const HOUR_MS = 3_600_000

/** Takes every demand for 5 % more. */
export const document: PolicyDocument = PolicyDocument.parse({
  formatVersion: 1,
  name: 'cautious',
  learner: 'by hand',
  features: ['size'],
  actions: { kind: 'discrete', stretches: [1.05] },
  rule: { kind: 'table', edges: [[]], actions: 1, values: storeFloats(Float32Array.of(1)) },
  provenance: {
    command: 'none: written by hand',
    revision: 'none',
    configHash: 'none',
    seed: 0,
    steps: 0,
    loads: [],
  },
})

export const policy: PolicyVersion = policyRow(document, {
  source: 'import',
  addedAtMs: AT_MS,
  addedBy: 'http',
  why: 'to try',
})

export const learned: LearnAnswer = {
  transitions: 412,
  policy: { ...policy, source: 'learned', why: 'a week of exploring' },
  why: 'another stretch pays in 2 cells',
}

const candidate: Strategy = { policy: 'learned', version: policy.version }
const predictive: Strategy = { policy: 'predictive', version: null }

export const request = {
  services: ['search'],
  candidate,
  from: 'canary' as const,
  why: 'to try',
}

const begun = rolloutOf(RolloutRequest.parse({ candidate, why: 'to try' }), 'http', {
  services: ['search'],
  strategyOf: () => predictive,
  leadTicksOf: () => 3,
  tick: 120,
  nowMs: AT_MS,
})

const findings = {
  units: 184,
  otherUnits: 39,
  effectiveUnits: 38.2,
  loss: { estimate: -0.061, low: -0.11, high: -0.012 },
  burn: { estimate: -0.02, low: -0.09, high: 0.05 },
  championLoss: 1.82,
  candidateLoss: 1.759,
  championBurn: 0.31,
  candidateBurn: 0.29,
}

export const shadow: RolloutView = { number: 1, ...begun, findings: null, waiting: null }

export const canary: RolloutView = {
  ...shadow,
  stage: 'canary',
  stageFromTick: 2400,
  changes: [
    ...begun.changes,
    {
      stage: 'canary',
      tick: 2400,
      atMs: AT_MS + 9.5 * HOUR_MS,
      by: 'rollout',
      why: 'the candidate loses less: loss by -0.061 [-0.11, -0.012], error budgets by -0.02 [-0.09, 0.05], over 184 units, 39 of them without the champion',
      findings,
    },
  ],
  findings: { ...findings, units: 61, otherUnits: 11, effectiveUnits: 11 },
}

export const rolledBack: RolloutView = {
  ...canary,
  stage: 'ended',
  outcome: 'rolled-back',
  endedAtMs: AT_MS + 12 * HOUR_MS,
  changes: [
    ...canary.changes,
    {
      stage: 'ended',
      tick: 3000,
      atMs: AT_MS + 12 * HOUR_MS,
      by: 'http',
      why: 'taken back: too dear at noon',
      findings: canary.findings,
    },
  ],
  findings: null,
}

export const automatic: AutomaticView = {
  enabled: true,
  ...{ lookedAtMs: AT_MS, nextLookAtMs: AT_MS + HOUR_MS, learnedAtMs: null, waiting: null },
  policies: [
    {
      ...{ version: policy.version, name: policy.name, source: 'import', verdict: 'runs' },
      why: 'rollout 1 is in stage canary',
      findings: null,
    },
    {
      ...{ version: '4be0643f1d98573b', name: 'bold', source: 'trained', verdict: 'worse' },
      why: 'the log predicts no less loss: 0.04 [-0.02, 0.1], error budgets by 0.03 [-0.05, 0.11], over 184 units, 39 of them without the champion',
      findings: {
        ...findings,
        loss: { estimate: 0.04, low: -0.02, high: 0.1 },
        burn: { estimate: 0.03, low: -0.05, high: 0.11 },
      },
    },
  ],
}
