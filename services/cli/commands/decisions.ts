/** `decisions`, `explain` and `replay`: what was decided, why, and whether it would be decided again. */
import type { Command } from 'commander'
import { z } from 'zod'
import { FEATURE_WORDS } from '../../../agents/policies/learned/feature-words.ts'
import { TUNING_WORDS } from '../../../agents/policies/learned/tuning-words.ts'
import { PART_WORDS } from '../../../coordinator/attribution-parts.ts'
import { nearest } from '../../config-error.ts'
import { ServiceStatus } from '../../control-plane.ts'
import { Explanation, ReplayReport } from '../../explanations/explanation.ts'
import { page, StoredDecisionView } from '../../http/views.ts'
import { type Api, ApiProblem, read } from '../api.ts'
import { act, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { type Column, dollars, figure, rps, span, table, timeOfDay } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const Decisions = page(StoredDecisionView)
const SHOWN_LEVELS: readonly number[] = [0.1, 0.5, 0.9, 0.99]
/** Parts that moved less are not printed. */
const NEGLIGIBLE_REPLICAS = 0.05
/** Nor what stretched the forecast by less. */
const NEGLIGIBLE_STRETCH = 0.005
type Options = ExplanationDocument['proposal']['options'][number]
type ExplanationDocument = z.infer<typeof Explanation>

export function addDecisions(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const decisions = program
    .command('decisions')
    .helpGroup('Look:')
    .description('what was decided, newest first')
    .option('-s, --service <name>', 'of one service')
    .option('--changes', 'only those that change the count')
    .option('--from <time>', 'not before: ISO 8601 with a zone, or Unix ms')
    .option('--to <time>', 'before')
    .option('-n, --limit <rows>', 'how many', wholeNumber(1, 500), 20)
    .option('--cursor <text>', 'the next page, as the last one named it')
    .addOption(jsonOption())
    .addHelpText('after', DECISIONS_EXAMPLES)
  act(decisions, around, done, async ({ terminal, api }, options) => {
    const { json, ...filters } = options
    const answer = await api.raw('GET', `/v1/decisions${queryOf(filters)}`)
    if (json) {
      terminal.printJson(answer)
      return
    }
    const { items, next } = read(Decisions, answer, api.url)
    for (const line of table(DECISION_COLUMNS, items)) terminal.print(line)
    if (next !== null) terminal.say(`more: --cursor ${next}`)
    return
  })

  const explain = program
    .command('explain')
    .helpGroup('Look:')
    .description(
      'why a decision was made: inputs, forecast, options, limits, and what one more $/h would change',
    )
    .argument('<decision|service>', 'id of a decision, or a service for its latest one')
    .addOption(jsonOption())
    .addHelpText('after', EXPLAIN_EXAMPLES)
  act(explain, around, done, async ({ terminal, api }, { json }, [what = '']) => {
    const answer = await explanationOf(api, what)
    if (json) terminal.printJson(answer)
    else showExplanation(read(Explanation, answer, api.url), terminal)
    return undefined
  })

  const replay = program
    .command('replay')
    .helpGroup('Look:')
    .description(
      'decide a stored decision again and compare, bit for bit; ends with 1 when it differs',
    )
    .argument('<decision>', 'id of a decision')
    .addOption(jsonOption())
    .addHelpText('after', REPLAY_EXAMPLES)
  act(replay, around, done, async ({ terminal, api }, { json }, [id = '']) => {
    const answer = await api.raw('POST', `/v1/decisions/${encodeURIComponent(id)}/replay`)
    const report = read(ReplayReport, answer, api.url)
    if (json) terminal.printJson(answer)
    else showReplay(report, terminal)
    return report.identical ? EXIT.ok : EXIT.failure
  })
}

const DECISIONS_EXAMPLES = `
Examples:
  forescale decisions --changes                     the last changes
  forescale decisions -s search -n 5                the last five of one service
  forescale decisions --from 2026-11-21T08:00:00Z --json`
const EXPLAIN_EXAMPLES = `
Examples:
  forescale explain search              the latest decision for search
  forescale explain 5d1f0c2b7a9e4c38    one decision by its id`
const REPLAY_EXAMPLES = `
Examples:
  forescale replay 5d1f0c2b7a9e4c38`

const DECISION_COLUMNS: readonly Column<StoredDecisionView>[] = [
  { title: 'TIME (UTC)', text: (d) => timeOfDay(d.atMs) },
  { title: 'ID', text: (d) => d.id },
  {
    title: 'BECAME',
    text: (d) => (d.detail === null ? d.settlement : `${d.settlement} (${d.detail})`),
  },
  { title: 'DECISION', text: (d) => d.rationale },
]

/** By id, else the latest of the service of that name. */
async function explanationOf(api: Api, what: string): Promise<unknown> {
  const path = (id: string) => `/v1/decisions/${encodeURIComponent(id)}`
  try {
    return await api.raw('GET', path(what))
  } catch (error) {
    if (!(error instanceof ApiProblem) || (error.status !== 404 && error.status !== 400))
      throw error
  }
  const { items } = await api.get('/v1/services', z.object({ items: z.array(ServiceStatus) }))
  const names = items.map((row) => row.service)
  if (!names.includes(what)) {
    const meant = nearest(what, names)
    throw new CommandFailure(
      EXIT.failure,
      `there is neither a decision nor a service "${what}"`,
      meant === null ? `services: ${names.join(', ')}` : `did you mean ${meant}?`,
    )
  }
  const latest = await api.get(`/v1/decisions${queryOf({ service: what, limit: 1 })}`, Decisions)
  const newest = latest.items[0]
  if (newest === undefined)
    throw new CommandFailure(EXIT.failure, `there is no decision for ${what} yet`)
  return api.raw('GET', path(newest.id))
}

function showExplanation(explanation: ExplanationDocument, terminal: Terminal): void {
  const { decision, observation: seen, forecast, proposal, counterfactual } = explanation
  terminal.print(terminal.paint('bold', decision.rationale))
  const detail = decision.detail === null ? '' : ` (${decision.detail})`
  terminal.print(
    `${timeOfDay(decision.atMs)} UTC, tick ${decision.tick} (trace ${explanation.traceId}), id ${decision.id}: ${decision.settlement}${detail}`,
  )
  terminal.print()
  const { requested, ready, starting, terminating } = seen.replicas
  terminal.print(
    `seen       ${rps(seen.loadRps)} (${seen.freshness}), replicas ${ready} ready of ${requested}, ${starting} starting, ${terminating} leaving`,
  )
  terminal.print(
    `capacity   ${figure(seen.capacityPerReplica)} rps a replica within the SLO, half fail at ${figure(seen.saturationPerReplica)}; ready ${span(seen.leadTimeMs)} after a decision`,
  )
  const shown = (seen.demand ?? []).filter((d) => SHOWN_LEVELS.includes(d.level))
  const demand = shown.map((d) => `${Math.round(d.level * 100)} %: ≤ ${figure(d.rps)}`)
  if (demand.length > 0)
    terminal.print(`to carry   ${demand.join(', ')} rps${seen.drifting ? ', drifting' : ''}`)
  const model =
    forecast === null
      ? 'none'
      : `${forecast.model.kind}, MASE ${forecast.quality.mase === null ? 'not measured' : figure(forecast.quality.mase)}`
  terminal.print(`forecast   ${model}`)
  terminal.print(
    `range      ${proposal.allowed.min} to ${proposal.allowed.max}; reactive need ${proposal.reactiveNeed}, wanted ${proposal.wanted}, bound by ${explanation.boundBy}`,
  )
  terminal.print()
  for (const line of table(optionColumns(decision.to, terminal), proposal.options))
    terminal.print(line)
  terminal.print()
  const { extraBudgetPerHour, to, lossAvoided, fleetLossAvoided } = counterfactual
  terminal.print(
    `with ${dollars(extraBudgetPerHour)} more: ${to} replicas, ${figure(lossAvoided)} violations/s fewer here, ${figure(fleetLossAvoided)} (weighted) over all services`,
  )
  showMoved(explanation, terminal)
  showLearned(explanation, terminal)
}

/** What moved the count, the most first. */
function showMoved({ moved }: ExplanationDocument, terminal: Terminal): void {
  if (moved === null) return
  const { from, to, sinceAtMs, sinceTick } = moved
  terminal.print()
  terminal.print(`since ${timeOfDay(sinceAtMs)} UTC (tick ${sinceTick}), when it had ${from}:`)
  const parts = moved.parts.filter(({ replicas }) => Math.abs(replicas) >= NEGLIGIBLE_REPLICAS)
  parts.sort((a, b) => Math.abs(b.replicas) - Math.abs(a.replicas))
  for (const { part, replicas } of parts)
    terminal.print(`  ${signed(replicas).padStart(6)}  ${PART_WORDS[part]}`)
  terminal.print(`  ${signed(to - from).padStart(6)}  together`)
}

/** What the learned policy did beside the analytic one, and what of that each thing that it saw. */
function showLearned({ learned }: ExplanationDocument, terminal: Terminal): void {
  if (learned === null) return
  const { version, stretch, analytic, alone, tuning, atRest, effects } = learned
  terminal.print()
  terminal.print(
    `learned policy ${version} took the forecast times ${stretch.toFixed(2)}: ${alone} replicas in place of ${analytic}, money aside`,
  )
  for (const { part, replicas } of tuning)
    terminal.print(`  ${signed(replicas).padStart(6)}  own past: ${TUNING_WORDS[part]}`)
  const lines = [
    { ...atRest, words: 'a service like this at rest' },
    ...effects.map((effect) => ({ ...effect, words: FEATURE_WORDS[effect.feature] })),
  ].filter(({ factor }) => Math.abs(factor - 1) >= NEGLIGIBLE_STRETCH)
  for (const { factor, replicas, words } of lines)
    terminal.print(`  ${signed(replicas).padStart(6)}  ×${factor.toFixed(2)}  ${words}`)
}

const signed = (replicas: number): string =>
  `${replicas < 0 ? '−' : '+'}${Math.abs(replicas).toFixed(1)}`

function optionColumns(chosen: number, terminal: Terminal): Column<Options>[] {
  return [
    { title: 'REPLICAS', right: true, text: (o) => String(o.replicas) },
    { title: 'COST', right: true, text: (o) => dollars(o.costPerHour) },
    { title: 'EXPECTED VIOLATIONS/S', right: true, text: (o) => figure(o.loss) },
    { title: '', text: (o) => (o.replicas === chosen ? terminal.paint('green', '← decided') : '') },
  ]
}

function showReplay(report: z.infer<typeof ReplayReport>, terminal: Terminal): void {
  if (report.identical) {
    terminal.print(`${terminal.paint('green', 'identical')}: ${report.stored.rationale}`)
    terminal.print(`sha256 ${report.storedHash}`)
    return
  }
  terminal.print(`${terminal.paint('red', 'different')}:`)
  terminal.print(`  stored      ${report.stored.rationale} (sha256 ${report.storedHash})`)
  terminal.print(`  recomputed  ${report.recomputed.rationale} (sha256 ${report.recomputedHash})`)
}
