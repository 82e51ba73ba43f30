/** Learned policies made by hand. Only for tests. */
import { storeFloats } from '../../agents/learning/numbers.ts'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'

/** A policy that stretches every demand by the same. */
export function constantPolicy(stretch: number, name = 'constant'): PolicyDocument {
  return PolicyDocument.parse({
    formatVersion: 1,
    name,
    learner: 'by hand',
    features: ['size'],
    actions: { kind: 'discrete', stretches: [stretch] },
    rule: { kind: 'table', edges: [[]], actions: 1, values: storeFloats(Float32Array.of(1)) },
    provenance: {
      command: 'by hand',
      revision: 'none',
      configHash: 'none',
      seed: 0,
      steps: 0,
      loads: [],
    },
  })
}
