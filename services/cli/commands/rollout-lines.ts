/** A rollout as a person reads it. */
import type { AutomaticView } from '../../rollouts/automatic-view.ts'
import type { RolloutView } from '../../rollouts/request.ts'
import { type Rollout, type RolloutFindings, strategyWords } from '../../rollouts/rollout.ts'
import { fromNow, table, timeOfDay } from '../format.ts'

const figure = (value: number | null): string =>
  value === null ? '–' : String(Number(value.toPrecision(3)))

type IntervalView = RolloutFindings['loss']

const interval = ({ estimate, low, high }: IntervalView): string =>
  `${figure(estimate)} [${figure(low)}, ${figure(high)}]`

export function rolloutLines(rollout: RolloutView, nowMs: number): string[] {
  const { number, kind, stage, outcome, services, champion, candidate, findings, waiting } = rollout
  return [
    `${kind} ${number}: ${outcome ?? stage}, ${strategyWords(candidate)} against ${champion ? strategyWords(champion) : 'what acted before'}`,
    `services   ${services.join(', ')}`,
    `begun      ${fromNow(rollout.startedAtMs, nowMs)} (${timeOfDay(rollout.startedAtMs)}), blocks of ${rollout.blockTicks} ticks, candidate ${Math.round(100 * rollout.settings.share)} % of services and time in canary`,
    ...(waiting === null ? [] : [`waiting    ${waiting}`]),
    ...(findings === null ? [] : findingLines(findings)),
    '',
    ...table(
      [
        { title: 'SINCE', text: (row) => timeOfDay(row.atMs) },
        { title: 'STAGE', text: (row) => row.stage },
        { title: 'BY', text: (row) => row.by },
        { title: 'WHY', text: (row) => row.why },
      ],
      rollout.changes,
    ),
  ]
}

function findingLines(findings: RolloutFindings): string[] {
  const { units, otherUnits, loss, burn } = findings
  return [
    `found      ${units} units, ${otherUnits} of them without the champion`,
    `loss       ${figure(findings.candidateLoss)} against ${figure(findings.championLoss)}: ${interval(loss)}`,
    `burn       ${figure(findings.candidateBurn)} against ${figure(findings.championBurn)} error budgets: ${interval(burn)}`,
  ]
}

export function rolloutTable(rollouts: readonly Rollout[], nowMs: number): string[] {
  return table(
    [
      { title: 'NUMBER', right: true, text: (row) => String(row.number) },
      { title: 'KIND', text: (row) => row.kind },
      { title: 'STAGE', text: (row) => row.outcome ?? row.stage },
      { title: 'CANDIDATE', text: (row) => strategyWords(row.candidate) },
      { title: 'SERVICES', right: true, text: (row) => String(row.services.length) },
      { title: 'BEGUN', text: (row) => fromNow(row.startedAtMs, nowMs) },
      { title: 'WHY', text: (row) => row.changes.at(-1)?.why ?? '' },
    ],
    rollouts,
  )
}

export function automaticLines(automatic: AutomaticView, nowMs: number): string[] {
  const { enabled, lookedAtMs, nextLookAtMs, learnedAtMs, waiting, policies } = automatic
  const at = (atMs: number | null) => (atMs === null ? 'never' : fromNow(atMs, nowMs))
  return [
    enabled
      ? 'rollouts are begun by themselves (rollouts.automatic)'
      : 'rollouts are begun only when asked for (rollouts.automatic is false)',
    `looked     ${at(lookedAtMs)}${nextLookAtMs === null ? '' : `, next at ${timeOfDay(nextLookAtMs)}`}; learned from the log: ${at(learnedAtMs)}`,
    ...(waiting === null ? [] : [`waiting    ${waiting}`]),
    '',
    ...table(
      [
        { title: 'POLICY', text: (row) => row.version },
        { title: 'NAME', text: (row) => row.name },
        { title: 'SOURCE', text: (row) => row.source },
        { title: 'VERDICT', text: (row) => row.verdict },
        { title: 'WHY', text: (row) => row.why },
      ],
      policies,
    ),
  ]
}
