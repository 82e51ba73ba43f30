/**
 * `npm run validate:arbitration`: the arbiter against exact answers on random instances. A few services: every combination
 * tried. More, with curves of any falling shape: the integer program, solved by HiGHS (Huangfu & Hall 2018). Counts of
 * optimal answers and the largest shortfall, relative to what money can save at all.
 */
import { Command } from 'commander'
import highsModule from 'highs'
import { fund } from '../../coordinator/arbiters/shadow-price.ts'
import type { FundingRequest } from '../../coordinator/arbiters/steps.ts'
import { seededRandom } from '../../datasets/random.ts'

// the package's types have its loader as a property of the default export; it is the export itself
const loadHighs = highsModule as unknown as typeof highsModule.default

const PRICES = [0.05, 0.1, 0.25, 0.4] as const
const WEIGHTS = [1, 3, 10] as const
/** Shortfall below which an answer is the optimum, share of what money can save. HiGHS stops within 1e-6. */
const EQUAL = 1e-6

interface Instance {
  readonly request: FundingRequest
  readonly budget: number
}

type Random = () => number

function instanceOf(
  random: Random,
  services: number,
  options: number,
  isConvex: boolean,
): Instance {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const rows = Array.from({ length: services }, () => {
    const falls = Array.from({ length: options - 1 }, () => 50 * random() ** 2)
    if (isConvex) falls.sort((a, b) => b - a)
    return { falls, price: one(PRICES), weight: one(WEIGHTS) }
  })
  const curves = rows.map(({ falls }) => curveOf(falls))
  const all = rows.reduce((sum, { falls, price }) => sum + falls.length * price, 0)
  return {
    budget: random() * all,
    request: {
      from: new Int32Array(services),
      held: new Int32Array(services),
      to: Int32Array.from(rows, ({ falls }) => falls.length),
      pricePerReplicaHour: Float64Array.from(rows, ({ price }) => price),
      weight: Float64Array.from(rows, ({ weight }) => weight),
      loss: (row) => curves[row]!,
    },
  }
}

function curveOf(falls: readonly number[]): Float64Array {
  const curve = new Float64Array(falls.length + 1)
  for (let k = falls.length - 1; k >= 0; k--) curve[k] = curve[k + 1]! + falls[k]!
  return curve
}

const savedBy = ({ request }: Instance, granted: ArrayLike<number>): number => {
  let saved = 0
  for (let i = 0; i < request.from.length; i++) {
    const curve = request.loss(i)
    saved += request.weight[i]! * (curve[0]! - curve[granted[i]!]!)
  }
  return saved
}

/** Every combination that can be paid. */
function mostByTrial({ request, budget }: Instance, row = 0, left = budget): number {
  if (row === request.from.length) return 0
  const curve = request.loss(row)
  let most = 0
  for (let k = 0; k < curve.length; k++) {
    const rest = left - k * request.pricePerReplicaHour[row]!
    if (rest < -1e-9) break
    const here = request.weight[row]! * (curve[0]! - curve[k]!)
    most = Math.max(most, here + mostByTrial({ request, budget }, row + 1, rest))
  }
  return most
}

/** One binary variable an option, one option a service; in CPLEX' LP format. */
function programOf({ request, budget }: Instance): string {
  const options = Array.from(request.from, (_, i) =>
    Array.from(request.loss(i), (_, k) => ({ name: `x${i}_${k}`, k })),
  )
  const saved = options.flatMap((row, i) =>
    row.map(({ name, k }) => {
      const curve = request.loss(i)
      return `${request.weight[i]! * (curve[0]! - curve[k]!)} ${name}`
    }),
  )
  const cost = options.flatMap((row, i) =>
    row.map(({ name, k }) => `${k * request.pricePerReplicaHour[i]!} ${name}`),
  )
  const choices = options.map((row, i) => `one${i}: ${row.map(({ name }) => name).join(' + ')} = 1`)
  const names = options.flatMap((row) => row.map(({ name }) => name))
  return [
    'Maximize',
    ` obj: ${saved.join(' + ')}`,
    'Subject To',
    ` budget: ${cost.join(' + ')} <= ${budget}`,
    ...choices.map((choice) => ` ${choice}`),
    'Binary',
    ` ${names.join(' ')}`,
    'End',
  ].join('\n')
}

async function mostByHighs(instance: Instance): Promise<number> {
  const highs = await loadHighs()
  const solution = highs.solve(programOf(instance), { mip_rel_gap: 0, mip_abs_gap: 1e-9 })
  if (solution.Status !== 'Optimal') throw new Error(`integer program: ${solution.Status}`)
  return solution.ObjectiveValue
}

interface Series {
  readonly name: string
  readonly count: number
  readonly services: number
  readonly options: number
  readonly isConvex: boolean
  readonly exact: (instance: Instance) => number | Promise<number>
}

async function rowOf({ name, count, services, options, isConvex, exact }: Series, seed: number) {
  const random = seededRandom(seed, name)
  const shortfalls: number[] = []
  for (let n = 0; n < count; n++) {
    const instance = instanceOf(random, services, options, isConvex)
    const { granted, spent } = fund(instance.request, instance.budget)
    if (spent > instance.budget + 1e-6) throw new Error(`${name} ${n}: spends more than there is`)
    const most = await exact(instance)
    shortfalls.push(most > 0 ? (most - savedBy(instance, granted)) / most : 0)
  }
  return {
    instances: name,
    count,
    'services × options': `${services} × ${options}`,
    optimal: shortfalls.filter((shortfall) => shortfall <= EQUAL).length,
    'mean shortfall': percent(shortfalls.reduce((sum, one) => sum + one, 0) / count),
    'largest shortfall': percent(Math.max(...shortfalls)),
  }
}

const percent = (share: number): string => `${(100 * Math.max(0, share)).toFixed(4)} %`

const { seed, few, many } = new Command('validate:arbitration')
  .option('--seed <n>', 'of the instances', Number, 1)
  .option('--few <n>', 'instances of few services, of each kind', Number, 1000)
  .option('--many <n>', 'instances of more services, of each kind', Number, 50)
  .parse()
  .opts<{ seed: number; few: number; many: number }>()

const small = { count: few, services: 4, options: 6, exact: (one: Instance) => mostByTrial(one) }
const large = { count: many, services: 40, options: 20, exact: mostByHighs }
const SERIES: readonly Series[] = [
  { ...small, name: 'convex, by trial', isConvex: true },
  { ...small, name: 'any falling curve, by trial', isConvex: false },
  { ...large, name: 'convex, by HiGHS', isConvex: true },
  { ...large, name: 'any falling curve, by HiGHS', isConvex: false },
]
const rows = []
for (const series of SERIES) rows.push(await rowOf(series, seed))
console.table(rows)
