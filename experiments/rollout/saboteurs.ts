/** Learned policies that were made to do harm, and one that was not. */
import { storeFloats } from '../../agents/learning/numbers.ts'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { seededRandom } from '../../datasets/random.ts'

const PROVENANCE = {
  command: 'node experiments/rollout/sabotage.ts',
  revision: 'none',
  configHash: 'none',
  seed: 0,
  steps: 0,
  loads: [],
}
const FEATURES = ['pressure', 'trend', 'doubt'] as const
const EXTREMES = [0.25, 0.5, 1, 2, 4]
/** Bounds between cells so narrow that loads wander through them. */
const EDGES = Array.from({ length: 24 }, (_, i) => -0.6 + 0.05 * i)

function table(
  name: string,
  stretches: readonly number[],
  edges: readonly (readonly number[])[],
  actionAt: (cell: number) => number,
): PolicyDocument {
  const cells = edges.reduce((product, bounds) => product * (bounds.length + 1), 1)
  const values = new Float32Array(cells * stretches.length)
  for (let cell = 0; cell < cells; cell++) values[cell * stretches.length + actionAt(cell)] = 1
  return PolicyDocument.parse({
    ...{ formatVersion: 1, name, learner: 'by hand', provenance: PROVENANCE },
    features: FEATURES.slice(0, edges.length),
    actions: { kind: 'discrete', stretches },
    rule: { kind: 'table', edges, actions: stretches.length, values: storeFloats(values) },
  })
}

const constant = (name: string, stretch: number) => table(name, [stretch], [[]], () => 0)

/** Weights so large that sums overflow, and what comes out is no number. */
function overflowing(): PolicyDocument {
  const weights = new Float32Array(FEATURES.length * 2 + 2 + 2 * 2 + 2).fill(3e38)
  return PolicyDocument.parse({
    ...{ formatVersion: 1, name: 'nan', learner: 'by hand', provenance: PROVENANCE },
    features: FEATURES,
    actions: { kind: 'discrete', stretches: [0.5, 2] },
    rule: {
      kind: 'categorical',
      network: {
        shape: { inputs: FEATURES.length, outputs: 2, hidden: [2], activation: 'relu' },
        weights: storeFloats(weights),
      },
    },
  })
}

export interface Saboteur {
  readonly name: string
  readonly what: string
  readonly document: PolicyDocument
  readonly isSabotaged: boolean
}

export function saboteurs(): Saboteur[] {
  const random = seededRandom('saboteur')
  const of = (what: string, document: PolicyDocument, isSabotaged = true) => ({
    ...{ name: document.name, what, document, isSabotaged },
  })
  return [
    of(
      'another of 1/4 to 4 times the demand in each of 625 cells of what it sees',
      table('random', EXTREMES, [EDGES, EDGES], () => Math.floor(random() * EXTREMES.length)),
    ),
    of('always the least: a quarter of the demand', constant('always-less', 0.25)),
    of('always the most: four times the demand', constant('always-more', 4)),
    of('no number', overflowing()),
    of('the champion itself, under another name', constant('same', 1), false),
  ]
}
