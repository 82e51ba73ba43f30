/** `forescale k8s status`: which objects of the cluster say what, and what of it was not taken. */
import type { Command } from 'commander'
import { SettingsView } from '../../kubernetes/settings/view.ts'
import { read } from '../api.ts'
import { act, jsonOption } from '../context.ts'
import { type Column, table } from '../format.ts'
import type { Surroundings } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale k8s status          annotated workloads, ScalingPolicies, Budgets: their services and faults
  forescale k8s status --json   for a program

What each may say: docs/kubernetes-settings.md.`

type Shown = SettingsView['objects'][number]

export function addK8sStatus(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = group
    .command('status')
    .description('settings out of the cluster: objects, their services and their faults')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { json }) => {
    const answer = await api.raw('GET', '/v1/kubernetes/settings')
    if (json) {
      terminal.printJson(answer)
      return undefined
    }
    for (const line of linesOf(read(SettingsView, answer, api.url))) terminal.print(line)
    return undefined
  })
}

function linesOf({ enabled, objects, watches, fault }: SettingsView): string[] {
  if (!enabled)
    return ['no settings are read from a cluster: the configuration has no kubernetes.settings']
  const away = watches.filter(({ state }) => state !== 'following')
  return [
    ...(objects.length === 0
      ? ['nothing in the cluster speaks of a service']
      : table(COLUMNS, objects)),
    ...objects.flatMap((one) =>
      one.faults.map(({ field, value, message }) => {
        const shown = value === null ? '' : ` ${value}`
        return `${nameOf(one)}: ${field}${shown}: ${message}`
      }),
    ),
    ...away.map(({ path, state }) => `${path}: ${state}`),
    ...(fault === null ? [] : [`not taken over: ${fault}`]),
  ]
}

const nameOf = ({ kind, namespace, name }: Shown): string =>
  [kind, namespace, name].filter((part) => part !== '').join('/')

const COLUMNS: Column<Shown>[] = [
  { title: 'OBJECT', text: nameOf },
  { title: 'SERVICES', text: ({ services }) => services.join(', ') || '–' },
  { title: 'BUDGET', text: ({ budgetBound }) => (budgetBound ? 'bound' : '') },
  { title: 'FAULTS', right: true, text: ({ faults }) => String(faults.length) },
]
