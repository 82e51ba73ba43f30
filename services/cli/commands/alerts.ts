/** `forescale alerts`: what is amiss, and saying that it was seen. */
import { type Command, Option } from 'commander'
import { Alert, SEVERITIES, type Severity } from '../../alerts/alert.ts'
import { page } from '../../http/views.ts'
import { read } from '../api.ts'
import { act, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { type Column, fromNow, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const Alerts = page(Alert)
const PAINT: Readonly<Record<Severity, 'red' | 'yellow' | 'dim'>> = {
  critical: 'red',
  warning: 'yellow',
  info: 'dim',
}

const EXAMPLES = `
Examples:
  forescale alerts                        those that are open
  forescale alerts --all -s search        of one service, those that are over too
  forescale alerts --ack 1b7c9a52d0e4f683 say that somebody has seen it`

export function addAlerts(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('alerts')
    .helpGroup('Look:')
    .description('what is amiss: anomalies, forecasts that fail, bounds that will not hold')
    .option('--all', 'those that are over too')
    .option('-s, --service <name>', 'of one service')
    .addOption(new Option('--severity <severity>', 'this and above').choices(SEVERITIES))
    .option('-n, --limit <rows>', 'how many', wholeNumber(1, 500), 50)
    .option('--ack <id>', 'acknowledge one')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal, api }, options) => {
    const { json, ack, all, service, severity, limit } = options
    if (ack !== undefined) {
      const answer = await api.raw(
        'POST',
        `/v1/alerts/${encodeURIComponent(String(ack))}/acknowledge`,
      )
      if (json) terminal.printJson(answer)
      else terminal.print(`acknowledged: ${read(Alert, answer, api.url).summary}`)
      return undefined
    }
    const query = queryOf({ open: all ? undefined : 'true', service, severity, limit })
    const answer = await api.raw('GET', `/v1/alerts${query}`)
    if (json) terminal.printJson(answer)
    else show(read(Alerts, answer, api.url).items, terminal)
    return undefined
  })
}

function show(alerts: readonly Alert[], terminal: Terminal): void {
  if (alerts.length === 0) {
    terminal.print('nothing is amiss')
    return
  }
  const nowMs = terminal.nowMs()
  const columns: Column<Alert>[] = [
    { title: 'ID', text: ({ id }) => id },
    { title: 'SEVERITY', text: ({ severity }) => terminal.paint(PAINT[severity], severity) },
    { title: 'OPENED', text: ({ openedAtMs }) => fromNow(openedAtMs, nowMs) },
    { title: 'STATE', text: stateOf },
    { title: 'WHAT', text: ({ summary }) => summary },
  ]
  for (const line of table(columns, alerts)) terminal.print(line)
}

function stateOf({ closedAtMs, acknowledgedBy }: Alert): string {
  if (closedAtMs !== null) return 'over'
  return acknowledgedBy === null ? 'open' : 'seen'
}
