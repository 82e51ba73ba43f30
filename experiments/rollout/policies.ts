/** Policies made by hand for rollouts: one stretch whatever they see. */
import { storeFloats } from '../../agents/learning/numbers.ts'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import type { FeatureName } from '../../agents/policies/learned/features.ts'

/** `sees`: makes it another version, though it acts alike. */
export function constantPolicy(
  name: string,
  stretch: number,
  sees: FeatureName = 'pressure',
): PolicyDocument {
  return PolicyDocument.parse({
    ...{ formatVersion: 1, name, learner: 'by hand' },
    features: [sees],
    actions: { kind: 'discrete', stretches: [stretch] },
    rule: { kind: 'table', edges: [[]], actions: 1, values: storeFloats(Float32Array.of(1)) },
    provenance: {
      ...{ command: 'node experiments/rollout/automatic.ts', revision: 'none' },
      ...{ configHash: 'none', seed: 0, steps: 0, loads: [] },
    },
  })
}
