/** `pause`, `resume`, `mode` and `budget`: who may act, and for how much. */
import { Argument, type Command } from 'commander'
import type { z } from 'zod'
import { Mode } from '../../../agents/service-spec.ts'
import { BudgetView, ServiceStatus } from '../../control-plane.ts'
import { ModeView } from '../../http/views.ts'
import { read } from '../api.ts'
import { act, type Context, jsonOption, positive } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { dollars, figure } from '../format.ts'
import type { Surroundings } from '../terminal.ts'

export function addControl(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  for (const [name, description] of [
    [
      'pause',
      'stop all changes to targets, at the latest within one tick; decisions go on being recorded',
    ],
    ['resume', 'allow changes again'],
  ] as const) {
    const command = program
      .command(name)
      .helpGroup('Act:')
      .description(description)
      .addOption(jsonOption())
      .addHelpText('after', `\nExamples:\n  forescale ${name}`)
    act(command, around, done, async (context, { json }) => {
      showMode(await context.api.raw('POST', `/v1/${name}`), json, context)
      return undefined
    })
  }
  addMode(program, around, done)
  addBudget(program, around, done)
}

function addMode(program: Command, around: Surroundings, done: (code: number) => void): void {
  const command = program
    .command('mode')
    .helpGroup('Act:')
    .description('show or change the mode, for all services or one')
    .addArgument(new Argument('[mode]', 'what to change it to').choices(Mode.options))
    .option('-s, --service <name>', 'of one service; in effect never above the mode of all')
    .addOption(jsonOption())
    .addHelpText('after', MODE_EXAMPLES)
  act(command, around, done, async (context, { json, service }, [mode]) => {
    const { api, terminal } = context
    const path = typeof service === 'string' ? `/v1/services/${encodeURIComponent(service)}` : '/v1'
    if (typeof service === 'string') {
      const answer = await (mode === undefined
        ? api.raw('GET', path)
        : api.raw('PUT', `${path}/mode`, { mode }))
      if (json) terminal.printJson(answer)
      else terminal.print(`${service}: ${read(ServiceStatus, answer, api.url).mode}`)
      return
    }
    const answer = await (mode === undefined
      ? api.raw('GET', '/v1/mode')
      : api.raw('PUT', '/v1/mode', { mode }))
    showMode(answer, json, context)
    return
  })
}

function addBudget(program: Command, around: Surroundings, done: (code: number) => void): void {
  const command = program
    .command('budget')
    .helpGroup('Act:')
    .description('show or change the cost budget; ends with 5 when the minimums alone cost more')
    .argument(
      '[dollars-per-hour]',
      'what to change it to, $/hour for all replicas together',
      positive,
    )
    .option('--per-day <dollars>', '$ that must last for a day; "none" for no such amount', amount)
    .option('--per-month <dollars>', 'the same for a calendar month', amount)
    .addOption(jsonOption())
    .addHelpText('after', BUDGET_EXAMPLES)
  act(command, around, done, async ({ api, terminal }, { json, perDay, perMonth }) => {
    const costBudgetPerHour: unknown = command.processedArgs[0]
    const changes = { costBudgetPerHour, perDay, perMonth }
    const isChange = Object.values(changes).some((value) => value !== undefined)
    const answer = await (isChange
      ? api.raw('PUT', '/v1/budget', changes)
      : api.raw('GET', '/v1/budget'))
    const budget = read(BudgetView, answer, api.url)
    if (json) terminal.printJson(answer)
    else for (const line of budgetLines(budget)) terminal.print(line)
    if (budget.feasible) return EXIT.ok
    terminal.say(`the minimums alone cost ${dollars(budget.minimumCostPerHour)}; they are kept`)
    return EXIT.thresholdNotMet
  })
}

const MODE_EXAMPLES = `
Examples:
  forescale mode                        off, recommend or enforce?
  forescale mode recommend              decide and record, change nothing
  forescale mode off --service search   leave one service alone`
const BUDGET_EXAMPLES = `
Examples:
  forescale budget          budget, spend and shadow price
  forescale budget 2.50     from the next tick on
  forescale budget --per-month 900    spent where it avoids most violations, never before the month ends
  forescale budget --per-month none   the hourly budget alone again`

function showMode(answer: unknown, json: unknown, { terminal, api }: Context): void {
  if (json) {
    terminal.printJson(answer)
    return
  }
  const { mode, paused }: z.infer<typeof ModeView> = read(ModeView, answer, api.url)
  terminal.print(paused ? `${mode}, paused: nothing is changed` : mode)
}

function budgetLines(budget: BudgetView): string[] {
  return [
    `budget        ${dollars(budget.costBudgetPerHour)}`,
    `decided       ${dollars(budget.spendPerHour)}`,
    `running       ${dollars(budget.runningCostPerHour)} (with starting and leaving replicas)`,
    `possible      ${dollars(budget.minimumCostPerHour)} to ${dollars(budget.maximumCostPerHour)}`,
    `shadow price  ${figure(budget.shadowPrice)} violations/s fewer for one more $/h`,
    ...budget.periods.map(periodLine),
  ]
}

/** `month         $610.20 of $900.00 spent, $899.60 expected by its end (unpaced $1041.30); ...` */
function periodLine(row: BudgetView['periods'][number]): string {
  const { period, spent, available, expectedSpend, unpacedSpend, price } = row
  const $ = (value: number | null) => (value === null ? 'not yet known' : `$${value.toFixed(2)}`)
  const paid =
    price > 0 ? `bought now: what avoids more than ${figure(price)} violations/s per $/h` : 'enough'
  return `${period.padEnd(12)}  ${$(spent)} of ${$(available)} spent, by its end ${$(expectedSpend)} (unpaced ${$(unpacedSpend)}); ${paid}`
}

/** "none" is null: no such amount. */
function amount(text: string): number | null {
  return text === 'none' ? null : positive(text)
}
