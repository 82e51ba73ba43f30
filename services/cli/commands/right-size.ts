/** `forescale right-size`: which size of replica each service should run on, and the lines that put it there. */
import type { Command } from 'commander'
import {
  RightSizingView,
  type SizeRecommendation,
  type TierEstimate,
} from '../../right-sizing/view.ts'
import { read } from '../api.ts'
import { act, jsonOption, queryOf } from '../context.ts'
import { type Column, figure, table } from '../format.ts'
import type { Surroundings } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale right-size          all services with tiers: what each would cost, which is recommended
  forescale right-size search   of one service, with the lines for the configuration

Replicas are the fewest, those of this hour and the most over the days ahead, and the most were there no maximum. The cost is
of replicas alone; what is compared has violations with it, at their price. CPU and memory of containers in a cluster:
forescale k8s right-size.`

export function addRightSize(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('right-size')
    .helpGroup('Look:')
    .description('which tier each service should run on, with how many replicas, and why')
    .argument('[service]', 'of one service')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { json }, [service]) => {
    const answer = await api.raw('GET', `/v1/right-sizing${queryOf({ service })}`)
    if (json) {
      terminal.printJson(answer)
      return undefined
    }
    const view = read(RightSizingView, answer, api.url)
    if (view.services.length === 0) terminal.print('no service has tiers to choose from')
    for (const one of view.services) {
      for (const line of linesOf(one)) terminal.print(line)
      if (service !== undefined && one.yaml) terminal.print(`\n${one.yaml.trimEnd()}`)
    }
    for (const line of sumOf(view)) terminal.print(line)
    return undefined
  })
}

function sumOf({ savingPerHour, mode }: RightSizingView): string[] {
  if (savingPerHour <= 0) return []
  const what = mode === 'enforce' ? 'changes are made' : 'nothing is changed'
  return [`all together $${savingPerHour.toFixed(2)}/h less; ${what}`]
}

function linesOf(one: SizeRecommendation): string[] {
  const { service, why, change, lastChange } = one
  return [
    `${service}: ${why}`,
    ...(change
      ? [`  changing to ${change.to}: ${change.ready} of ${change.replicas} replicas are ready`]
      : []),
    ...(lastChange
      ? [`  last change: ${lastChange.from} → ${lastChange.to}, ${lastChange.outcome}`]
      : []),
    ...table(columnsOf(one), one.tiers),
  ]
}

const columnsOf = ({ tier: own, recommended }: SizeRecommendation): Column<TierEstimate>[] => [
  {
    title: 'TIER',
    text: ({ tier }) =>
      `${tier}${tier === own ? ' (now)' : ''}${tier === recommended && tier !== own ? ' (recommended)' : ''}`,
  },
  {
    title: 'REPLICAS low/now/high/uncapped',
    text: ({ lower, target, upper, uncapped }) => `${lower}/${target}/${upper}/${uncapped}`,
  },
  { title: '$/H', right: true, text: ({ costPerHour }) => costPerHour.toFixed(3) },
  { title: 'VIOLATIONS/S', right: true, text: ({ violationsRps }) => figure(violationsRps) },
  { title: 'COMPARED $/H', right: true, text: ({ scorePerHour }) => scorePerHour.toFixed(3) },
  {
    title: 'REGRET OF DUE $',
    right: true,
    text: ({ tier, regret, dueAt }) =>
      tier === own ? '' : `${regret.toFixed(2)}/${dueAt.toFixed(2)}`,
  },
]
