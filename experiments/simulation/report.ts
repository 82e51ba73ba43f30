/** What runs found, in words: totals, and how to see a failure again. */
import { GUARANTEES } from './checker.ts'
import type { RunChoice, Verdict } from './simulate.ts'
import { START_MS } from './world.ts'

/** Of the runs of one command. */
export interface Totals {
  runs: number
  days: number
  ticks: number
  serviceTicks: number
  events: number
  faults: number
  readonly brokenByGuarantee: Map<string, number>
}

export const noTotals = (): Totals => ({
  ...{ runs: 0, days: 0, ticks: 0, serviceTicks: 0, events: 0, faults: 0 },
  brokenByGuarantee: new Map(),
})

export function addTo(totals: Totals, verdict: Verdict): void {
  totals.runs++
  totals.days += verdict.days
  totals.ticks += verdict.ticks
  totals.serviceTicks += verdict.serviceTicks
  totals.events += verdict.events
  totals.faults += verdict.faults.length
  const { brokenByGuarantee: broken } = totals
  for (const { guarantee } of verdict.violations)
    broken.set(guarantee, (broken.get(guarantee) ?? 0) + 1)
}

export function addTotals(totals: Totals, more: Totals): void {
  totals.runs += more.runs
  totals.days += more.days
  totals.ticks += more.ticks
  totals.serviceTicks += more.serviceTicks
  totals.events += more.events
  totals.faults += more.faults
  const { brokenByGuarantee: broken } = totals
  for (const [guarantee, count] of more.brokenByGuarantee)
    broken.set(guarantee, (broken.get(guarantee) ?? 0) + count)
}

export function totalsText(totals: Totals, seconds: number): string {
  const { runs, days, ticks, serviceTicks, faults } = totals
  const whole = (n: number) => Math.round(n).toLocaleString('en')
  const rows = Object.entries(GUARANTEES).map(
    ([key, words]) => `  ${String(totals.brokenByGuarantee.get(key) ?? 0).padStart(6)}  ${words}`,
  )
  return [
    `${whole(runs)} runs, ${whole(days)} simulated days, ${whole(faults)} faults, ${whole(ticks)} ticks, ${whole(serviceTicks)} service-ticks`,
    `${seconds.toFixed(1)} s of processor time, ${whole(serviceTicks / seconds)} service-ticks/s`,
    'violations:',
    ...rows,
  ].join('\n')
}

/** The command that shows this run again. */
export function commandFor(choice: RunChoice): string {
  const { seed, keep, controllers, isLiveness, mutant, kinds, skewMs, lengthMs, bend } = choice
  const { tickMs, faultsAnHour } = choice
  // what faults are made into has no words of its own
  if (bend) return `npm run simulate -- --actuator-faults --from ${seed} --seeds 1`
  const parts = ['npm run simulate --', `--seed ${seed}`]
  if (controllers !== undefined && controllers !== 1) parts.push(`--controllers ${controllers}`)
  if (skewMs !== undefined) parts.push(`--skew-minutes ${skewMs / 60_000}`)
  if (lengthMs !== undefined) parts.push(`--hours ${lengthMs / 3_600_000}`)
  if (tickMs !== undefined) parts.push(`--tick-seconds ${tickMs / 1000}`)
  if (faultsAnHour !== undefined) parts.push(`--faults-an-hour ${faultsAnHour}`)
  if (kinds) parts.push(`--kinds ${kinds.join(',')}`)
  if (isLiveness) parts.push('--liveness')
  if (mutant) parts.push(`--mutant "${mutant.name}"`)
  if (keep) parts.push(`--keep ${keep.join(',') || 'none'}`)
  return parts.join(' ')
}

export function failureText(choice: RunChoice, { violations, faults }: Verdict): string {
  const first = violations[0]!
  return [
    `seed ${choice.seed}: ${GUARANTEES[first.guarantee]}`,
    `  ${first.what}, ${Math.round(first.atMs - START_MS)} ms after the start`,
    `  again: ${commandFor(choice)}`,
    ...faults.map((fault) => `  fault ${JSON.stringify(fault)}`),
  ].join('\n')
}
