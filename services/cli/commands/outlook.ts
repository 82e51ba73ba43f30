/** `forescale outlook`: what the coming days ask of the budget, by day, and what will not hold. */
import type { Command } from 'commander'
import { OutlookView } from '../../outlook/view.ts'
import { dayName } from '../../outlook/words.ts'
import { read } from '../api.ts'
import { act, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { type Column, figure, percent, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const WEEK = 7
const MOST_DAYS = 60

const EXAMPLES = `
Examples:
  forescale outlook                     the week ahead: cost of all services beside the budget
  forescale outlook search --days 30    a month of one service: replicas at its peak, and what they cost

Figures are medians with their 5 % and 95 % quantiles. With too few days of history there are none, but how many are missing.`

export function addOutlook(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('outlook')
    .helpGroup('Look:')
    .description('what the coming days ask of the budget, and what will not hold')
    .argument('[service]', 'of one service')
    .option('--days <days>', 'days ahead', wholeNumber(1, MOST_DAYS), WEEK)
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { days, json }, [service]) => {
    const answer = await api.raw('GET', `/v1/outlook${queryOf({ days, service })}`)
    if (json) terminal.printJson(answer)
    else show(read(OutlookView, answer, api.url), service !== undefined, terminal)
    return undefined
  })
}

function show(view: OutlookView, isOne: boolean, terminal: Terminal): void {
  for (const sentence of view.sentences) terminal.print(terminal.paint('yellow', sentence))
  if (view.sentences.length === 0) terminal.print('nothing is at risk')
  const columns = isOne ? serviceColumns(view) : fleetColumns(view)
  if (!columns) return
  terminal.print()
  const rows = Array.from({ length: view.days }, (_, day) => day)
  const day: Column<number> = {
    title: 'DAY',
    text: (d) => dayName(view.fromMs + d * view.dayMs, view.dayMs),
  }
  for (const line of table([day, ...columns], rows)) terminal.print(line)
}

type Fan = readonly (readonly number[])[]

/** `12.3 (11.0–14.2)`: the median between its outer quantiles. */
function column(title: string, fan: Fan, levels: readonly number[]): Column<number> {
  const middle = levels.indexOf(0.5)
  return {
    title,
    right: true,
    text: (d) => {
      const day = fan[d] ?? []
      const [low, at, high] = [day[0], day[middle], day.at(-1)].map((value) =>
        figure(value ?? Number.NaN),
      )
      return `${at} (${low}–${high})`
    },
  }
}

const risk = (title: string, days: readonly number[]): Column<number> => ({
  title,
  right: true,
  text: (d) => percent(days[d] ?? null),
})

function fleetColumns({ fleet, levels }: OutlookView): Column<number>[] | undefined {
  if (!fleet) return undefined
  return [
    column('$ A DAY', fleet.cost, levels),
    column('$/h AT THE PEAK', fleet.peakCostPerHour, levels),
    risk('OVER BUDGET', fleet.risk),
  ]
}

function serviceColumns({ services, levels }: OutlookView): Column<number>[] | undefined {
  const demand = services[0]?.demand
  if (!demand) return undefined
  const { peakLoadRps, peakReplicas, cost, maxReplicasRisk, budgetRisk } = demand
  return [
    column('PEAK REQ/S', peakLoadRps, levels),
    column('REPLICAS', peakReplicas, levels),
    column('$ A DAY', cost, levels),
    risk('OVER MAX', maxReplicasRisk),
    ...(budgetRisk ? [risk('NOT PAID FOR', budgetRisk)] : []),
  ]
}
