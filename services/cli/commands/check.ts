/** `forescale check`: is everything here that `up` needs, and is what runs well? Grouped, each fault with a hint. */
import type { Command } from 'commander'
import { checkController } from '../checks/controller.ts'
import { type CheckGroup, checkConfig, checkMachine, checkState } from '../checks/local.ts'
import { act, configFileOf, configOption, jsonOption } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const EXAMPLES = `
Examples:
  forescale check                                 before "up", and while it runs
  forescale check --config forescale.yaml --json
  forescale check --url http://scaler:8080        a controller elsewhere`

const MARKS = { ok: '√', warning: '‼', failed: '×' } as const
const STYLES = { ok: 'green', warning: 'yellow', failed: 'red' } as const

export function addCheck(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('check')
    .helpGroup('Prepare:')
    .description('check machine, configuration, state and the running controller')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async (context, options) => {
    const { terminal } = context
    const file = configFileOf(options.config, around.env)
    const { group, config } = checkConfig(file, around.env)
    const groups: CheckGroup[] = [checkMachine(terminal.nowMs()), group]
    if (config !== undefined && !context.urlGiven) groups.push(checkState(config))
    groups.push(await checkController(context, config))
    const checks = groups.flatMap((g) => g.checks)
    const ok = checks.every((check) => check.status !== 'failed')
    if (options.json) terminal.printJson({ ok, groups })
    else for (const g of groups) show(g, terminal)
    if (!options.json)
      terminal.print(ok ? 'all is well' : terminal.paint('red', 'something is wrong'))
    return ok ? EXIT.ok : worst(groups)
  })
}

/** The most particular code: a wrong file before an unreachable controller before anything else. */
function worst(groups: readonly CheckGroup[]): ExitCode {
  const codes = groups.flatMap((g) =>
    g.checks.flatMap((check) => (check.status === 'failed' ? [check.exitCode] : [])),
  )
  for (const code of [EXIT.configInvalid, EXIT.unreachable]) if (codes.includes(code)) return code
  return EXIT.failure
}

function show(group: CheckGroup, terminal: Terminal): void {
  terminal.print(terminal.paint('bold', group.name))
  terminal.print('-'.repeat(group.name.length))
  for (const { name, status, detail, hint } of group.checks) {
    terminal.print(
      `${terminal.paint(STYLES[status], MARKS[status])} ${name}${detail === '' ? '' : `: ${detail}`}`,
    )
    if (hint !== null && status !== 'ok') terminal.print(`    ${hint}`)
  }
  terminal.print()
}
