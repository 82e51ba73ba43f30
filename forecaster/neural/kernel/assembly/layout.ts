/**
 * Where everything lies in memory, in bytes. Tables are rows of `lanes` floats, one lane a sample. Biases are weights
 * of rows that hold ones. Written by `configure` once, only read afterwards.
 *
 *   z      [window + 1][inputRows]    per step: inputs, 1, hidden state before the step (GRU: and 1 again)
 *   gates  [window][slots · hidden]   unit by unit: LSTM input, forget, candidate, output; GRU reset, update, candidate
 *   memory [window + 1][hidden]       LSTM: cell state before the step; GRU: what the hidden state adds to the candidate
 *   bent   [window][hidden]           LSTM: tanh of the cell state after the step
 */
export let isGru = false
export let inputs = 0
export let hidden = 0
export let window = 0
export let knotFeatures = 0
export let headHidden = 0
export let knots = 0
export let levels = 0
export let medianLevel = 0
export let lanes = 0
export let knotLanes = 0

/** Gates a unit. */
export let slots = 0
/** Rows of z that the first (GRU) or only (LSTM) matrix takes. */
export let inputRows = 0
/** Rows of z. */
export let stateRows = 0

export let parameters: usize = 0
export let parameterCount = 0
export let encoderWeights: usize = 0
/** GRU only: from hidden state and 1 to the gates. */
export let recurrentWeights: usize = 0
export let contextWeights: usize = 0
export let knotWeights: usize = 0
export let outputWeights: usize = 0
export let skipWeights: usize = 0
/** From a parameter to its gradient, and on to the two moments of Adam. */
export let toGradient: usize = 0

export let z: usize = 0
export let gates: usize = 0
export let memory_: usize = 0
export let bent: usize = 0
export let context: usize = 0
export let knotInput: usize = 0
export let baseline: usize = 0
export let target: usize = 0
export let weight: usize = 0
export let activation: usize = 0
export let raw: usize = 0
export let quantiles: usize = 0
export let probabilities: usize = 0
export let gradGates: usize = 0
export let gradRecurrent: usize = 0
export let gradHidden: usize = 0
export let gradBefore: usize = 0
export let gradMemory: usize = 0
export let gradRaw: usize = 0
export let gradActivation: usize = 0
export let gradContext: usize = 0

export let oneInput: usize = 0
export let oneState: usize = 0
export let oneGates: usize = 0
export let oneRecurrent: usize = 0
export let oneMemory: usize = 0
export let oneContext: usize = 0
export let oneContextRows: usize = 0
export let oneKnotInput: usize = 0
export let oneBaseline: usize = 0
export let oneActivation: usize = 0
export let oneRaw: usize = 0
export let oneQuantiles: usize = 0

let end: usize = 0

function room(floats: i32): usize {
  const at = end
  end += ((<usize>floats << 2) + 63) & ~(<usize>63)
  return at
}

function parameterRoom(floats: i32): usize {
  const at = parameters + (<usize>parameterCount << 2)
  parameterCount += floats
  return at
}

/** `batchLanes` a multiple of 8, or 0 when only single samples are forecast. */
export function configure(
  gru: bool,
  inputCount: i32,
  hiddenUnits: i32,
  windowSteps: i32,
  featureCount: i32,
  headUnits: i32,
  knotCount: i32,
  levelCount: i32,
  median: i32,
  batchLanes: i32,
): void {
  isGru = gru
  inputs = inputCount
  hidden = hiddenUnits
  window = windowSteps
  knotFeatures = featureCount
  headHidden = headUnits
  knots = knotCount
  levels = levelCount
  medianLevel = median
  lanes = batchLanes
  knotLanes = (knotCount + 7) & ~7
  slots = gru ? 3 : 4
  inputRows = gru ? inputs + 1 : inputs + 1 + hidden
  stateRows = inputs + 1 + hidden + (gru ? 1 : 0)
  end = (__heap_base + 63) & ~(<usize>63)
  layParameters()
  layBatch()
  layOne()
  const pages = <i32>((end + 65535) >> 16) - memory.size()
  if (pages > 0) memory.grow(pages)
  memory.fill(parameters, 0, end - parameters)
  layOnes()
}

function layParameters(): void {
  const gateRows = slots * hidden
  parameters = end
  parameterCount = 0
  encoderWeights = parameterRoom(inputRows * gateRows)
  recurrentWeights = parameterRoom(isGru ? (hidden + 1) * gateRows : 0)
  contextWeights = parameterRoom(hidden * headHidden)
  knotWeights = parameterRoom(knotFeatures * headHidden)
  outputWeights = parameterRoom(headHidden * levels)
  skipWeights = parameterRoom(knotFeatures * levels)
  room(parameterCount)
  toGradient = end - parameters
  if (lanes > 0) {
    room(parameterCount)
    room(parameterCount)
    room(parameterCount)
  }
  probabilities = room(levels)
}

function layBatch(): void {
  if (lanes === 0) return
  z = room((window + 1) * stateRows * lanes)
  gates = room(window * slots * hidden * lanes)
  memory_ = room((window + 1) * hidden * lanes)
  bent = room(isGru ? 0 : window * hidden * lanes)
  context = room(headHidden * lanes)
  knotInput = room(knots * knotFeatures * lanes)
  baseline = room(knots * lanes)
  target = room(knots * lanes)
  weight = room(knots * lanes)
  activation = room(knots * headHidden * lanes)
  raw = room(knots * levels * lanes)
  quantiles = room(knots * levels * lanes)
  gradGates = room(isGru ? slots * hidden * lanes : 0)
  gradRecurrent = room(isGru ? slots * hidden * lanes : 0)
  gradHidden = room(hidden * lanes)
  gradBefore = room(hidden * lanes)
  gradMemory = room(hidden * lanes)
  gradRaw = room(levels * lanes)
  gradActivation = room(headHidden * lanes)
  gradContext = room(headHidden * lanes)
}

function layOne(): void {
  oneInput = room(window * inputs)
  oneState = room(stateRows)
  oneGates = room(slots * hidden)
  oneRecurrent = room(slots * hidden)
  oneMemory = room(hidden)
  oneContext = room(headHidden)
  oneContextRows = room(headHidden * knotLanes)
  oneKnotInput = room(knotFeatures * knotLanes)
  oneBaseline = room(knotLanes)
  oneActivation = room(headHidden * knotLanes)
  oneRaw = room(levels * knotLanes)
  oneQuantiles = room(levels * knotLanes)
}

/** The rows of ones, which are the inputs of the biases. */
function layOnes(): void {
  const row: usize = (<usize>lanes) << 2
  for (let t = 0; t <= window; t++) {
    const step = z + <usize>(t * stateRows) * row
    for (let b: usize = 0; b < row; b += 4) {
      store<f32>(step + (<usize>inputs) * row + b, 1)
      if (isGru) store<f32>(step + <usize>(stateRows - 1) * row + b, 1)
    }
  }
  store<f32>(oneState + ((<usize>inputs) << 2), 1)
  if (isGru) store<f32>(oneState + (<usize>(stateRows - 1) << 2), 1)
}
