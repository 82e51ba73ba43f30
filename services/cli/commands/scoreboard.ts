/** `forescale scoreboard`: which strategy loses least for each service, and what was saved. */
import type { Command } from 'commander'
import { type AccountView, Scoreboard, type ServiceScore } from '../../selection/view.ts'
import { read } from '../api.ts'
import { act, jsonOption, queryOf } from '../context.ts'
import { type Column, figure, percent, table } from '../format.ts'
import type { Surroundings } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale scoreboard          all services: strategies by what they would have lost, savings
  forescale scoreboard search   of one service

A loss is violations ÷ error budget + capacity ÷ need, as a share of the worst. Savings are against the HPA rule and against
static thresholds on the same load, each with the violations that it would have had: never one without the other.`

export function addScoreboard(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('scoreboard')
    .helpGroup('Look:')
    .description('strategies by measured regret, savings and efficiency')
    .argument('[service]', 'of one service')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { json }, [service]) => {
    const answer = await api.raw('GET', `/v1/scoreboard${queryOf({ service })}`)
    if (json) {
      terminal.printJson(answer)
      return undefined
    }
    const view = read(Scoreboard, answer, api.url)
    terminal.print(
      view.enabled ? 'the selection chooses who acts' : 'scored only: selection.enabled is false',
    )
    for (const line of table(COLUMNS, view.services)) terminal.print(line)
    const all = service === undefined ? view.fleet : view.services[0]?.account
    if (all) for (const line of accountLines(all)) terminal.print(line)
    return undefined
  })
}

const COLUMNS: Column<ServiceScore>[] = [
  { title: 'SERVICE', text: ({ service }) => service },
  { title: 'ACTING', text: ({ acting }) => acting },
  { title: 'CHOSEN', text: ({ chosen }) => chosen },
  {
    title: 'MEAN LOSS',
    text: ({ strategies }) =>
      strategies
        .map(({ policy, meanLoss }) => `${policy} ${meanLoss === null ? '–' : figure(meanLoss)}`)
        .join(', '),
  },
  { title: 'REGRET', right: true, text: ({ regret }) => figure(regret) },
  { title: 'EFFICIENCY', right: true, text: ({ account }) => percent(account.efficiency) },
]

function accountLines(account: AccountView): string[] {
  const beside = (name: string, { saved, savedShare, violationsAvoided }: AccountView['hpa']) =>
    `beside ${name}: $${Math.abs(saved).toFixed(2)} ${saved < 0 ? 'more' : 'less'} (${percent(savedShare === null ? null : Math.abs(savedShare))}), ` +
    `${figure(Math.abs(violationsAvoided))} violations ${violationsAvoided < 0 ? 'more' : 'fewer'}`
  return [
    `in ${figure(account.hours)} h: $${account.cost.toFixed(2)}, ${figure(account.violations)} violations of ${figure(account.requests)} requests, efficiency ${percent(account.efficiency)}`,
    beside('HPA', account.hpa),
    beside('static thresholds', account.staticThresholds),
  ]
}
