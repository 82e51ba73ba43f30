/**
 * Simulated days of the controller cluster with faults.
 *
 *   npm run simulate -- --days 100            seeds 1 to 100, a day each
 *   npm run simulate -- --days 10000 --processes 2 --tally days.jsonl    goes on where the file ends
 *   npm run simulate -- --seed 7 --log 50     one seed again, with the end of its log
 *   npm run simulate -- --crash-points        a crash at every point of a tick, for 50 seeds
 *   npm run simulate -- --mutants             how many seeds it takes to find each planted bug
 */
import { Command, InvalidArgumentError } from 'commander'
import { ACTUATOR_FAULTS, actuatorFaults } from './actuator-faults.ts'
import { crashPoints } from './crash-points.ts'
import { commitHere, type DaysChoice, type RangeReport } from './days.ts'
import { type FaultKind, KINDS } from './faults.ts'
import { runRanges } from './fleet.ts'
import { leaseHistories } from './lease-histories.ts'
import { MUTANTS } from './mutants.ts'
import { addTotals, commandFor, failureText, noTotals, totalsText } from './report.ts'
import { type RunChoice, simulate } from './simulate.ts'
import { appendReport, piecesOf, readTally, sumOf } from './tally.ts'

const HOUR_MS = 60 * 60 * 1000

/** A third of a day: what a bug needs is a fault at the wrong moment, and each seed has others. */
const HUNT_MS = 8 * HOUR_MS

interface Options {
  readonly days: number
  readonly from: number
  readonly processes: number
  readonly tally?: string
  readonly seed?: number
  readonly controllers: number
  readonly liveness?: boolean
  readonly kinds?: FaultKind[]
  readonly crashPoints?: boolean
  readonly actuatorFaults?: boolean
  readonly leaseHistories?: boolean
  readonly skewMinutes?: number
  readonly tickSeconds?: number
  readonly faultsAnHour?: number
  readonly hours?: number
  readonly mutants?: boolean
  readonly mutant?: string
  readonly seeds: number
  readonly keep?: number[]
  readonly log?: number
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('a whole number from 0 up')
}
const indices = (text: string) => (text === 'none' ? [] : text.split(',').map(whole))

function kindsOf(text: string): FaultKind[] {
  return text.split(',').map((name) => {
    const kind = KINDS.find((known) => known === name)
    if (kind) return kind
    throw new InvalidArgumentError(`"${name}" is none of ${[...new Set(KINDS)].join(', ')}`)
  })
}

const program = new Command('simulate')
  .description('the real controllers in a simulated world: seeded, in virtual time, with faults')
  .option('--days <n>', 'seeds to run, a simulated day each', whole, 100)
  .option('--from <seed>', 'first seed', whole, 1)
  .option('--processes <n>', 'so many seeds at once, each in a process of its own', whole, 1)
  .option('--tally <file>', 'append what is done; seeds that the file has are not run again')
  .option('--seed <seed>', 'one seed only; prints its events’ hash', whole)
  .option('--controllers <n>', 'controllers that elect a leader', whole, 1)
  .option('--hours <n>', 'length of a run instead of a day', whole)
  .option('--skew-minutes <n>', 'wall clocks may be off by so much', whole)
  .option('--tick-seconds <n>', 'ticks of so long instead of the seed’s', whole)
  .option('--faults-an-hour <n>', 'so many instead of the seed’s', whole)
  .option('--liveness', 'some faults never end, but a working core remains')
  .option('--kinds <list>', 'only faults of these kinds', kindsOf)
  .option('--crash-points', 'a crash before and after every call of a tick')
  .option(
    '--actuator-faults',
    'each of the ways in which an actuator fails, alone, for --seeds seeds',
  )
  .option(
    '--lease-histories',
    'elections among two and three, checked request by request, for --seeds seeds',
  )
  .option('--keep <list>', 'only these faults of the seed, as printed', indices)
  .option('--log <n>', 'print the last n lines of the log', whole)
  .option('--mutant <name>', 'with this planted bug')
  .option('--mutants', 'every planted bug in turn, until it is found')
  .option('--seeds <n>', 'for the modes above; with --mutants: most seeds a bug', whole, 50)
  .parse()
const options = program.opts<Options>()
if (options.seed === undefined && (options.mutant ?? options.keep) !== undefined)
  program.error('--mutant and --keep are for one seed: name it with --seed')

/** What all seeds share. */
function choiceOfAll(): DaysChoice {
  const { controllers, liveness, hours, kinds, skewMinutes, tickSeconds, faultsAnHour } = options
  return {
    ...{ controllers, isLiveness: liveness, kinds, faultsAnHour },
    tickMs: tickSeconds === undefined ? undefined : tickSeconds * 1000,
    lengthMs: hours === undefined ? undefined : hours * HOUR_MS,
    skewMs: skewMinutes === undefined ? undefined : skewMinutes * 60_000,
  }
}

function choiceOf(seed: number): RunChoice {
  const mutant = options.mutant && MUTANTS.find(({ name }) => name === options.mutant)
  if (options.mutant && !mutant)
    program.error(
      `--mutant: "${options.mutant}" is none of ${MUTANTS.map((m) => m.name).join(', ')}`,
    )
  return { ...choiceOfAll(), seed, keep: options.keep, mutant: mutant || undefined }
}

/** One seed again. */
async function showOne(seed: number): Promise<boolean> {
  const choice = choiceOf(seed)
  const verdict = await simulate(choice)
  for (const line of verdict.log.slice(-(options.log ?? 0) || Infinity))
    if (options.log) console.log(line)
  if (verdict.violations.length > 0) console.log(failureText(choice, verdict))
  console.log(`hash ${verdict.hash}, ${verdict.events} events`)
  return verdict.violations.length === 0
}

/** Small, so that little is lost when a long run is broken off. */
const SEEDS_A_PIECE = 10

async function runAll(): Promise<boolean> {
  const { from, days, processes, tally } = options
  const choice = choiceOfAll()
  const range = { from, to: from + days - 1 }
  const before = tally === undefined ? [] : readTally(tally, choice)
  const commit = tally === undefined ? '' : commitHere()
  const totals = noTotals()
  let seconds = 0
  const done = (report: RangeReport): void => {
    for (const text of report.failures) console.log(text)
    if (tally !== undefined) appendReport(tally, choice, commit, report)
    addTotals(totals, report.totals)
    seconds += report.seconds
  }
  await runRanges(choice, piecesOf(range, before, SEEDS_A_PIECE), processes, done)
  const all = tally === undefined ? { totals, seconds } : sumOf(readTally(tally, choice))
  console.log(totalsText(all.totals, all.seconds))
  return all.totals.brokenByGuarantee.size === 0
}

async function crashEverywhere(): Promise<boolean> {
  const { cases, points, violations } = await crashPoints(seedsAsked())
  for (const text of violations) console.log(text)
  console.log(`${cases} crashes at ${points} points of ticks, ${violations.length} violations`)
  return violations.length === 0
}

const seedsAsked = () => Array.from({ length: options.seeds }, (_, i) => options.from + i)

async function everyActuatorFault(): Promise<boolean> {
  const lengthMs = (options.hours ?? 8) * HOUR_MS
  const usage = process.cpuUsage()
  const { totals, failures } = await actuatorFaults({ lengthMs }, seedsAsked())
  for (const text of failures) console.log(text)
  const { user, system } = process.cpuUsage(usage)
  console.log(totalsText(totals, (user + system) / 1e6))
  console.log(
    `${ACTUATOR_FAULTS.length} faults × ${options.seeds} seeds, ${failures.length} violations`,
  )
  return failures.length === 0
}

async function everyLeaseHistory(): Promise<boolean> {
  const { histories, requests, leaders, failures } = await leaseHistories(
    seedsAsked(),
    (options.hours ?? 2) * HOUR_MS,
  )
  for (const text of failures) console.log(text)
  console.log(
    `${histories} histories, ${requests} requests, ${leaders} times somebody else led, ${failures.length} violations`,
  )
  return failures.length === 0
}

async function huntAll(): Promise<boolean> {
  let found = 0
  for (const mutant of MUTANTS) {
    const { seed, what } = await hunt(mutant)
    if (seed !== undefined) found++
    console.log(
      `${(seed === undefined ? 'not found' : `seed ${seed}`).padEnd(10)} ${mutant.name}: ${what}`,
    )
  }
  console.log(`${found} of ${MUTANTS.length} planted bugs found within ${options.seeds} seeds`)
  return found === MUTANTS.length
}

async function hunt(mutant: (typeof MUTANTS)[number]) {
  for (let seed = 1; seed <= options.seeds; seed++) {
    const { controllers, kinds } = mutant
    const choice = { seed, mutant, controllers, kinds, lengthMs: HUNT_MS }
    const [violation] = (await simulate(choice)).violations
    if (violation) return { seed, what: `${violation.guarantee} (${commandFor(choice)})` }
  }
  return { seed: undefined, what: '' }
}

function chosen(): Promise<boolean> {
  if (options.mutants) return huntAll()
  if (options.crashPoints) return crashEverywhere()
  if (options.actuatorFaults) return everyActuatorFault()
  if (options.leaseHistories) return everyLeaseHistory()
  return options.seed === undefined ? runAll() : showOne(options.seed)
}
const isGood = await chosen()
process.exitCode = isGood ? 0 : 1
