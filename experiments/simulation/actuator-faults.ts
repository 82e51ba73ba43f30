/**
 * What can go wrong with an actuator alone, one kind of fault in each run: an answer that is lost after the effect, partly
 * carried out, refused, never ready, changed by somebody else, slow, late, cut off.
 */
import type { Fault, FaultKind } from './faults.ts'
import { addTo, failureText, noTotals, type Totals } from './report.ts'
import { type RunChoice, simulate } from './simulate.ts'

export interface ActuatorFault {
  readonly name: string
  readonly kind: FaultKind
  /** Beside its times, what the drawn fault is made into. */
  readonly as?: object
}

const server = 'platform'
export const ACTUATOR_FAULTS: readonly ActuatorFault[] = [
  {
    name: 'done, but said to have failed',
    kind: 'server-fails',
    as: { server, before: 0, after: 1 },
  },
  {
    name: 'fails before it does anything',
    kind: 'server-fails',
    as: { server, before: 1, after: 0 },
  },
  { name: 'fails now and then', kind: 'server-fails', as: { server, before: 0.3, after: 0.3 } },
  { name: 'down', kind: 'server-down', as: { server } },
  { name: 'slow', kind: 'server-slow', as: { server } },
  { name: 'requests are cut off', kind: 'partition', as: { server, way: 'requests' } },
  { name: 'answers are cut off', kind: 'partition', as: { server, way: 'answers' } },
  { name: 'loses and repeats', kind: 'bad-link', as: { server, loss: 0.4 } },
  { name: 'requests arrive late', kind: 'late-requests', as: { server } },
  { name: 'refuses orders', kind: 'refused' },
  { name: 'gives only so many', kind: 'quota' },
  { name: 'what it starts is never ready', kind: 'never-ready' },
  { name: 'is deleted and made anew', kind: 'recreated' },
  { name: 'somebody else sets it', kind: 'rival' },
]

/** The run of a seed in which only this goes wrong. */
export const choiceWith = ({ kind, as = {} }: ActuatorFault, choice: RunChoice): RunChoice => ({
  ...choice,
  kinds: [kind],
  bend: (fault: Fault) => ({ ...fault, ...as }),
})

export interface ActuatorReport {
  readonly totals: Totals
  readonly failures: readonly string[]
}

export async function actuatorFaults(
  choice: Omit<RunChoice, 'seed'>,
  seeds: readonly number[],
): Promise<ActuatorReport> {
  const totals = noTotals()
  const failures: string[] = []
  for (const fault of ACTUATOR_FAULTS)
    for (const seed of seeds) {
      const run = choiceWith(fault, { ...choice, seed })
      const verdict = await simulate(run)
      addTo(totals, verdict)
      if (verdict.violations.length > 0)
        failures.push(`${fault.name}: ${failureText(run, verdict)}`)
    }
  return { totals, failures }
}
