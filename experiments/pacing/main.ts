/**
 * npm run pacing -- [--seeds N] [--share 0.8] [--plant fluid|curve] [--tick-minutes M] [--history-days 14] [--json]
 *
 * A month under a budget of a share of what it would cost without one, after two weeks of history (or as many days as are said): how the live pacer
 * spends it, beside the best pacing that knows the whole month, and beside the same money spread evenly over its hours.
 * Synthetic loads; one month a seed. Ends with 1 when the bar is missed.
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '../../datasets/random.ts'
import { bootstrapInterval } from '../bootstrap.ts'
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import { createCurvePlant } from './curve-plant.ts'
import { monthOf, WARM_UP_DAYS } from './fleet.ts'
import { comparePacing, type PacingRow } from './run.ts'

const { values: given } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    share: { type: 'string', default: '0.8' },
    plant: { type: 'string', default: 'fluid' },
    'tick-minutes': { type: 'string', default: '30' },
    'history-days': { type: 'string', default: String(WARM_UP_DAYS) },
    json: { type: 'boolean', default: false },
  },
})
const number = (
  field: string,
  text: string,
  allowed: string,
  isAllowed: (n: number) => boolean,
) => {
  const value = Number(text)
  if (isAllowed(value)) return value
  process.stderr.write(`--${field}: "${text}" is not allowed; allowed: ${allowed}\n`)
  process.exit(2)
}
const seeds = number('seeds', given.seeds, 'a whole number from 1', (n) => n >= 1 && n % 1 === 0)
const share = number('share', given.share, 'a number above 0, up to 1', (n) => n > 0 && n <= 1)
const minutes = number(
  'tick-minutes',
  given['tick-minutes'],
  'a whole number that divides 60',
  (n) => n >= 1 && 60 % n === 0,
)
const historyDays = number(
  'history-days',
  given['history-days'],
  'whole weeks, at least 7',
  (n) => n >= 7 && n % 7 === 0,
)
if (given.plant !== 'fluid' && given.plant !== 'curve')
  number('plant', given.plant, 'fluid or curve', () => false)
const createPlant = given.plant === 'curve' ? createCurvePlant : createFluidPlant

const rows: PacingRow[] = []
for (let seed = 1; seed <= seeds; seed++) {
  const row = comparePacing(monthOf(seed, minutes * 60_000, historyDays), share, { createPlant })
  rows.push(row)
  if (given.json) process.stdout.write(`${JSON.stringify(row)}\n`)
  else process.stderr.write(`month ${seed} of ${seeds}\n`)
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`
const interval = (of: (row: PacingRow) => number): string => {
  const mean = (some: readonly PacingRow[]) =>
    some.reduce((sum, row) => sum + of(row), 0) / some.length
  const { low, high } = bootstrapInterval(rows, mean, seededRandom('pacing-interval'))
  return `${mean(rows).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`
}
if (!given.json) {
  console.table(
    rows.map((row) => ({
      month: row.seed,
      'unpaced $': row.unpaced.toFixed(0),
      'spent ÷ amount': row.spent.toFixed(4),
      'exhausted before': row.exhaustedDaysEarly > 0 ? `${row.exhaustedDaysEarly} days` : 'never',
      'violations, unpaced': percent(row.unpacedViolations),
      paced: percent(row.violations),
      clairvoyant: percent(row.clairvoyantViolations),
      'evenly spread': percent(row.evenViolations),
    })),
  )
  console.table({
    'spent ÷ amount': interval((row) => row.spent),
    'violations ÷ clairvoyant': interval((row) => row.violations / row.clairvoyantViolations),
    'violations ÷ evenly spread': interval((row) => row.violations / row.evenViolations),
  })
}
const isMet = rows.every(
  ({ spent, exhaustedDaysEarly, violations, clairvoyantViolations }) =>
    spent <= 1 &&
    spent >= 0.98 &&
    exhaustedDaysEarly === 0 &&
    violations <= 1.1 * clairvoyantViolations,
)
process.exitCode = isMet ? 0 : 1
