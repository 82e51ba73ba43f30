/**
 * Long runs in pieces: each range of seeds that is done is one line of a file. The same command again goes on with the
 * seeds that the file does not have, and the lines of any number of files add up.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { DaysChoice, RangeReport, SeedRange } from './days.ts'
import { addTotals, noTotals, type Totals } from './report.ts'

const Count = z.number().min(0)
const Line = z.strictObject({
  /** What was simulated, as `keyOf` writes it. */
  choice: z.string(),
  from: z.int().min(0),
  to: z.int().min(0),
  commit: z.string(),
  days: Count,
  runs: Count,
  ticks: Count,
  serviceTicks: Count,
  events: Count,
  faults: Count,
  seconds: Count,
  /** Seeds that broke a guarantee, by guarantee. */
  broken: z.record(z.string(), Count),
})
type Line = z.infer<typeof Line>

/** Runs of different choices are not added up. */
export const keyOf = (choice: DaysChoice): string => JSON.stringify(choice)

export function appendReport(
  file: string,
  choice: DaysChoice,
  commit: string,
  { from, to, totals, seconds }: RangeReport,
): void {
  const { brokenByGuarantee, ...counts } = totals
  const broken = Object.fromEntries(brokenByGuarantee)
  const line: Line = { choice: keyOf(choice), from, to, commit, ...counts, seconds, broken }
  appendFileSync(file, `${JSON.stringify(line)}\n`)
}

/** Lines of this choice; throws where a line is none of ours. A file that is not there yet has none. */
export function readTally(file: string, choice: DaysChoice): Line[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines
    .map((text, i) => {
      const read = Line.safeParse(parsed(text))
      if (read.success) return read.data
      throw new Error(`${file}, line ${i + 1}: ${z.prettifyError(read.error)}`)
    })
    .filter((line) => line.choice === keyOf(choice))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What is left of `range` in pieces of at most `most` seeds, without the seeds that `done` has. */
export function piecesOf(range: SeedRange, done: readonly SeedRange[], most: number): SeedRange[] {
  const pieces: SeedRange[] = []
  const isDone = (seed: number) => done.some(({ from, to }) => from <= seed && seed <= to)
  for (let seed = range.from; seed <= range.to; seed++) {
    if (isDone(seed)) continue
    const last = pieces.at(-1)
    if (last && last.to === seed - 1 && seed - last.from < most)
      pieces[pieces.length - 1] = { from: last.from, to: seed }
    else pieces.push({ from: seed, to: seed })
  }
  return pieces
}

/** All lines together; a seed that two lines have counts once, by the first. */
export function sumOf(lines: readonly Line[]): {
  readonly totals: Totals
  readonly seconds: number
} {
  const totals = noTotals()
  const seen: SeedRange[] = []
  let seconds = 0
  for (const line of lines) {
    if (seen.some(({ from, to }) => line.from <= to && from <= line.to)) continue
    seen.push(line)
    addTotals(totals, { ...line, brokenByGuarantee: new Map(Object.entries(line.broken)) })
    seconds += line.seconds
  }
  return { totals, seconds }
}
