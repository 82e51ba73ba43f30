/** `forescale ledger`: the database of ticks and decisions looked after by hand. Needs no running controller. */
import path from 'node:path'
import type { Command } from 'commander'
import { loadConfigFile } from '../../config-file.ts'
import { LedgerError, LedgerUnavailable } from '../../ledger/ledger.ts'
import type { Upkeep } from '../../ledger/upkeep.ts'
import { act, configFileOf, configOption, jsonOption } from '../context.ts'
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

type Add = (program: Command, around: Surroundings, done: (code: number) => void) => void

export const addLedger: Add = (program, around, done) => {
  const group = program
    .command('ledger')
    .helpGroup('Prepare:')
    .description('the database of ticks and decisions: check, back up, restore, bring up to date')
    .addHelpText(
      'after',
      '\nExamples:\n  forescale ledger check\n  forescale ledger backup ledger.gz',
    )
  deed(group, around, done, {
    name: 'backup <file>',
    description:
      'write all of it, as of one instant, into one file; while the controller runs, too',
    examples: ['forescale ledger backup ledger.gz', 'forescale ledger backup ledger.gz --json'],
    work: async (upkeep, terminal, file) => {
      const report = await upkeep.backup(file)
      return { report, say: () => terminal.print(`${report.rows} rows in ${file}`) }
    },
  })
  deed(group, around, done, {
    name: 'restore <file>',
    description: 'read a backup of either kind into an empty ledger; verified before and after',
    examples: ['forescale ledger restore ledger.gz -c new.yaml'],
    work: async (upkeep, terminal, file) => {
      const report = await upkeep.restore(file)
      return { report, say: () => terminal.print(`${report.rows} rows restored from ${file}`) }
    },
  })
  deed(group, around, done, {
    name: 'verify <file>',
    description: 'read a backup without writing anything',
    examples: ['forescale ledger verify ledger.gz'],
    work: async (upkeep, terminal, file) => {
      const report = await upkeep.verify(file)
      return { report, say: () => terminal.print(`${file} is whole: ${report.rows} rows`) }
    },
  })
  deed(group, around, done, {
    name: 'migrate',
    description: 'bring its tables up to this version; "up" does so by itself',
    examples: ['forescale ledger migrate -c forescale.yaml'],
    work: async (upkeep, terminal) => {
      await upkeep.migrate()
      return { report: { migrated: true }, say: () => terminal.print('up to date') }
    },
  })
  deed(group, around, done, {
    name: 'check',
    description:
      'read all of it and say what is there; exit code 5 when ticks or decisions do not fit',
    examples: ['forescale ledger check', 'forescale ledger check --json'],
    work: checked,
  })
}

interface Outcome {
  readonly report: object
  readonly say: () => void
  readonly code?: ExitCode
}

async function checked(upkeep: Upkeep, terminal: Terminal): Promise<Outcome> {
  const report = await upkeep.check()
  const { firstTick, lastTick, missingTicks, strayDecisions } = report
  const isSound = missingTicks === 0 && strayDecisions === 0
  return {
    report,
    code: isSound ? EXIT.ok : EXIT.thresholdNotMet,
    say() {
      const span = firstTick === null ? 'no ticks yet' : `ticks ${firstTick} to ${lastTick}`
      terminal.print(`${report.kind}: ${span}, ${missingTicks} missing; ${report.rows} rows`)
      terminal.print(
        `${report.decisions} decisions, ${report.pendingDecisions} pending, ${strayDecisions} without their tick`,
      )
      if (report.leader !== null)
        terminal.print(`${report.leader} leads with token ${report.fencingToken}`)
      terminal.print(`sha256 ${report.sha256}`)
    },
  }
}

interface Deed {
  readonly name: string
  readonly description: string
  readonly examples: readonly string[]
  readonly work: (upkeep: Upkeep, terminal: Terminal, file: string) => Promise<Outcome>
}

function deed(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
  { name, description, examples, work }: Deed,
): void {
  const command = group
    .command(name)
    .description(description)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
  act(command, around, done, async ({ terminal }, options, [file]) => {
    const config = loadConfigFile(configFileOf(options.config, around.env), around.env)
    // the libraries of both databases are loaded for those who ask, not for every command
    const { ledgerUpkeep } = await import('../../ledger/upkeep.ts')
    const upkeep = ledgerUpkeep(config, path.resolve(config.stateDir), around.env)
    const { report, say, code } = await work(upkeep, terminal, file ?? '').catch(
      (error: unknown) => {
        throw failureOf(error)
      },
    )
    if (options.json) terminal.printJson(report)
    else say()
    return code ?? EXIT.ok
  })
}

function failureOf(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error
  const code = error instanceof LedgerUnavailable ? EXIT.unreachable : EXIT.failure
  return new CommandFailure(code, error.message, undefined, { cause: error })
}
