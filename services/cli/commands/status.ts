/** `forescale status`: every service, the budget, and a sentence for each decision. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { BudgetView, ServiceStatus } from '../../control-plane.ts'
import { ModeView } from '../../http/views.ts'
import { read } from '../api.ts'
import { act, type Context, jsonOption } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { type Column, dollars, figure, fromNow, percent, rps, seconds, table } from '../format.ts'
import { leaderLine, shardLines } from '../leader-lines.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const CONDITIONS = ['budget', 'slo', 'fallback', 'paused', 'conflict'] as const
type Condition = (typeof CONDITIONS)[number]

const Services = z.object({ items: z.array(ServiceStatus) })

interface Overview {
  readonly mode: z.infer<typeof ModeView>
  readonly budget: BudgetView
  readonly services: readonly ServiceStatus[]
}

export function addStatus(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('status')
    .helpGroup('Look:')
    .description('services, replicas, load and budget as they stand')
    .addOption(jsonOption())
    .addOption(
      new Option(
        '--fail-on <conditions>',
        `end with ${EXIT.thresholdNotMet} when one holds: ${CONDITIONS.join(', ')}`,
      ).argParser(conditions),
    )
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async (context, options) => {
    const { terminal, api } = context
    const [mode, budget, services] = await Promise.all([
      api.raw('GET', '/v1/mode'),
      api.raw('GET', '/v1/budget'),
      api.raw('GET', '/v1/services'),
    ])
    const overview: Overview = {
      mode: read(ModeView, mode, api.url),
      budget: read(BudgetView, budget, api.url),
      services: read(Services, services, api.url).items,
    }
    if (options.json)
      terminal.printJson({ mode, budget, services: Reflect.get(Object(services), 'items') })
    else show(overview, context)
    const wanted = (options.failOn ?? []) as readonly Condition[]
    const met = wanted.flatMap((condition) => reasonsFor(condition, overview))
    for (const reason of met) terminal.say(reason)
    return met.length > 0 ? EXIT.thresholdNotMet : EXIT.ok
  })
}

const EXAMPLES = `
Examples:
  forescale status                         what is going on
  forescale status --json                  the same for a program
  forescale status --fail-on budget,slo    for a script: ends with 5 when the budget or an SLO is not met`

function conditions(text: string): Condition[] {
  return text.split(',').map((part) => {
    const found = CONDITIONS.find((condition) => condition === part.trim())
    if (found === undefined) {
      throw new InvalidArgumentError(`"${part}" is not allowed; allowed: ${CONDITIONS.join(', ')}`)
    }
    return found
  })
}

function reasonsFor(condition: Condition, { mode, budget, services }: Overview): string[] {
  switch (condition) {
    case 'budget':
      return budget.feasible
        ? []
        : [`budget: the minimums alone cost ${dollars(budget.minimumCostPerHour)}`]
    case 'paused':
      return mode.paused ? ['paused: nothing is changed'] : []
    case 'conflict':
      return services.flatMap(({ service, conflict }) =>
        conflict?.holds ? [`conflict: ${service} is left alone: ${conflict.detail}`] : [],
      )
    case 'fallback':
      return services
        .filter((s) => s.fallback)
        .map((s) => `fallback: ${s.service} has no usable forecast`)
    case 'slo':
      return services
        .filter((s) => s.violationRatio !== null && s.violationRatio > 1 - s.objective)
        .map(
          (s) => `slo: ${s.service} has ${percent(s.violationRatio)} of requests outside its SLO`,
        )
  }
}

function show({ mode, budget, services }: Overview, { terminal }: Context): void {
  const share = budget.costBudgetPerHour > 0 ? budget.spendPerHour / budget.costBudgetPerHour : null
  const paused = mode.paused ? terminal.paint('yellow', ' (paused: nothing is changed)') : ''
  terminal.print(`mode ${terminal.paint('bold', mode.mode)}${paused}`)
  if (mode.leadership) terminal.print(leaderLine(mode.leadership))
  terminal.print(
    `budget ${dollars(budget.costBudgetPerHour)}, spend ${dollars(budget.spendPerHour)} (${percent(share)}), ` +
      `one more $/h would avoid ${figure(budget.shadowPrice)} violations/s`,
  )
  if (!budget.feasible) {
    terminal.print(
      terminal.paint('red', 'the minimums alone cost more than the budget; they are kept'),
    )
  }
  if (budget.shards) for (const line of shardLines(budget.shards, terminal)) terminal.print(line)
  terminal.print()
  for (const line of table(columns(terminal), services)) terminal.print(line)
  terminal.print()
  for (const { service, decision, conflict } of services) {
    if (conflict) terminal.print(terminal.paint('yellow', `${service}: ${conflict.detail}`))
    if (decision !== null)
      terminal.print(`${fromNow(decision.atMs, terminal.nowMs())}: ${decision.rationale}`)
    else terminal.print(`${service}: no decision yet`)
  }
}

function columns(terminal: Terminal): Column<ServiceStatus>[] {
  return [
    { title: 'SERVICE', text: (s) => s.service },
    { title: 'MODE', text: (s) => s.mode },
    { title: 'POLICY', text: (s) => s.policy },
    { title: 'REPLICAS', text: replicasOf },
    { title: 'LOAD', right: true, text: (s) => rps(s.loadRps) },
    { title: 'P95', right: true, text: (s) => latencyOf(s, terminal) },
    { title: 'OUTSIDE SLO', right: true, text: (s) => violationsOf(s, terminal) },
    {
      title: 'DATA',
      text: (s) => (s.freshness === 'fresh' ? 'fresh' : terminal.paint('yellow', s.freshness)),
    },
    { title: 'FORECAST', text: (s) => (s.fallback ? terminal.paint('yellow', 'none') : 'ok') },
  ]
}

function replicasOf({ replicas, decision }: ServiceStatus): string {
  if (replicas === null) return '–'
  const { requested, ready, starting, terminating } = replicas
  const parts = [
    ...(starting > 0 ? [`+${starting} starting`] : []),
    ...(terminating > 0 ? [`${terminating} leaving`] : []),
    ...(decision !== null && decision.to !== requested ? [`wants ${decision.to}`] : []),
  ]
  return parts.length === 0
    ? `${ready}/${requested}`
    : `${ready}/${requested} (${parts.join(', ')})`
}

function latencyOf(
  { latencyP95Seconds, sloLatencySeconds }: ServiceStatus,
  terminal: Terminal,
): string {
  const slow = latencyP95Seconds !== null && latencyP95Seconds > sloLatencySeconds
  const text = seconds(latencyP95Seconds)
  return slow ? terminal.paint('red', text) : text
}

function violationsOf({ violationRatio, objective }: ServiceStatus, terminal: Terminal): string {
  const over = violationRatio !== null && violationRatio > 1 - objective
  const text = percent(violationRatio)
  return over ? terminal.paint('red', text) : text
}
