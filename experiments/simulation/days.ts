/** Seeds one after another: what they added up to, and for each that broke something the shortest way to see it again. */
import { execFileSync } from 'node:child_process'
import { addTo, failureText, noTotals, type Totals } from './report.ts'
import { shrink } from './shrink.ts'
import { type RunChoice, simulate } from './simulate.ts'

/** Seeds `from` to `to`, both included. */
export interface SeedRange {
  readonly from: number
  readonly to: number
}

/** What all seeds of a command share, as it travels to another process: plain data. */
export type DaysChoice = Omit<RunChoice, 'seed' | 'mutant' | 'keep' | 'bend'>

export interface RangeReport extends SeedRange {
  readonly totals: Totals
  /** Of processor time. */
  readonly seconds: number
  readonly failures: readonly string[]
}

export async function runRange(choice: DaysChoice, { from, to }: SeedRange): Promise<RangeReport> {
  const totals = noTotals()
  const failures: string[] = []
  const usage = process.cpuUsage()
  for (let seed = from; seed <= to; seed++) {
    const verdict = await simulate({ ...choice, seed })
    addTo(totals, verdict)
    if (verdict.violations.length === 0) continue
    const keep = await shrink({ ...choice, seed }, verdict.faults.length)
    const shrunk = { ...choice, seed, keep }
    failures.push(failureText(shrunk, await simulate(shrunk)))
  }
  const { user, system } = process.cpuUsage(usage)
  return { from, to, totals, failures, seconds: (user + system) / 1e6 }
}

/** The commit that is run, with a + where files differ from it; '' outside a repository. */
export function commitHere(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== ''
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '')
  } catch {
    return ''
  }
}
