/** `forescale audit`: who changed what, and whether the log of it still is what was written. */
import type { Command } from 'commander'
import { z } from 'zod'
import { type Verdict, verifyAudit } from '../../audit/audit.ts'
import type { AuditRow } from '../../audit/chain.ts'
import { read } from '../api.ts'
import { act, configOption, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { type Column, table, timeOfDay } from '../format.ts'
import { withLedger } from '../ledger-at-hand.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const Row = z.object({
  seq: z.int(),
  atMs: z.number(),
  actor: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  detail: z.unknown(),
})
const Rows = z.object({ items: z.array(Row) })
const Answer = z.object({
  rows: z.int(),
  head: z.string().nullable(),
  sound: z.boolean(),
  fault: z.string().nullable(),
})

type Add = (program: Command, around: Surroundings, done: (code: number) => void) => void

export const addAudit: Add = (program, around, done) => {
  const group = program
    .command('audit')
    .helpGroup('Look:')
    .description('who changed what, and whether that log is whole')
    .addHelpText('after', '\nExamples:\n  forescale audit list\n  forescale audit verify')
  addList(group, around, done)
  addVerify(group, around, done)
}

const addList: Add = (group, around, done) => {
  const command = group
    .command('list')
    .description('changes, newest first: read on this machine, or with --url from the controller')
    .option('--actor <actor>', 'by whom, such as key:ci')
    .option('--action <action>', 'which, such as key.create, or all of key')
    .option('--target <target>', 'of what, such as a service')
    .option('-n, --limit <rows>', 'how many', wholeNumber(1, 500), 50)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale audit list --action budget\n  forescale audit list --actor key:ci --json',
    )
  act(command, around, done, async ({ api, terminal, urlGiven }, options) => {
    const { actor, action, target, limit, config, json } = options
    const query = { actor: text(actor), action: text(action), target: text(target) }
    const answer = urlGiven
      ? await api.raw('GET', `/v1/audit${queryOf({ ...query, limit })}`)
      : await withLedger(config, around, (ledger) =>
          ledger.audit({ ...query, limit: Number(limit) }),
        )
    if (json) terminal.printJson(answer)
    else show(read(Rows, answer, api.url).items, terminal)
    return undefined
  })
}

const addVerify: Add = (group, around, done) => {
  const command = group
    .command('verify')
    .description('follow the chain of hashes; ends with 5 when a row was changed, dropped or moved')
    .option('--head <hash>', 'a head that was noted before: it must still be in the log')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale audit verify\n  forescale audit verify --head $(cat head.txt)',
    )
  act(command, around, done, async ({ api, terminal, urlGiven }, { head, config, json }) => {
    const noted = text(head)
    const verdict: Verdict = urlGiven
      ? await api.get(`/v1/audit/verify${queryOf({ head: noted })}`, Answer)
      : await withLedger(config, around, (ledger) => verifyAudit(ledger, noted))
    if (json) terminal.printJson(verdict)
    else if (verdict.sound)
      terminal.print(`${verdict.rows} rows, sound; head ${verdict.head ?? 'none yet'}`)
    else terminal.print(`not sound after row ${verdict.rows}: ${verdict.fault}`)
    return verdict.sound ? EXIT.ok : EXIT.thresholdNotMet
  })
}

function show(
  rows: readonly Pick<AuditRow, keyof z.infer<typeof Row>>[],
  terminal: Terminal,
): void {
  if (rows.length === 0) {
    terminal.print('nothing was changed')
    return
  }
  const columns: Column<z.infer<typeof Row>>[] = [
    { title: 'row', right: true, text: ({ seq }) => String(seq) },
    { title: 'time', text: ({ atMs }) => timeOfDay(atMs) },
    { title: 'who', text: ({ actor }) => actor },
    { title: 'what', text: ({ action }) => action },
    { title: 'of', text: ({ target }) => target ?? 'all' },
    { title: 'how', text: ({ detail }) => JSON.stringify(detail) },
  ]
  for (const line of table(columns, rows)) terminal.print(line)
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
