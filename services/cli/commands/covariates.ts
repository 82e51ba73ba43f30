/** `forescale covariates`: events known in advance: list, add, remove, import. */
import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { readCsv } from '../../../datasets/csv.ts'
import { readSpanMs } from '../../../datasets/time.ts'
import { CovariateEvent } from '../../covariates/event.ts'
import { items } from '../../http/views.ts'
import { type Api, read } from '../api.ts'
import { act, jsonOption, queryOf } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { type Column, fromNow, span, table, timeOfDay } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const Events = items(CovariateEvent)
const BATCH = 1000
const COLUMNS = ['name', 'from', 'to', 'service', 'value', 'beforeMs', 'afterMs'] as const

const LIST_EXAMPLES = `
Examples:
  forescale covariates list                   the last four weeks and the next 60 days
  forescale covariates list -s search --json`

const ADD_EXAMPLES = `
Examples:
  forescale covariates add sale --from 2026-11-27T08:00:00Z --to 2026-11-27T11:00:00Z
  forescale covariates add release --from 2026-12-01T09:00:00Z --to 2026-12-01T10:00:00Z -s search --after 2h

What events of a name do is learned from those that were: add past ones too.`

const IMPORT_EXAMPLES = `
Examples:
  forescale covariates import campaigns.csv
  forescale covariates import campaigns.json

CSV has a first line with name, from, to and, if wanted, service, value, beforeMs, afterMs; JSON is a list of objects
with these fields. Times are ISO 8601 with a zone, or Unix ms. Importing a file again changes nothing.`

export function addCovariates(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const group = program
    .command('covariates')
    .helpGroup('Prepare:')
    .description('events known in advance (campaigns, releases, holidays) that forecasts heed')
    .addHelpText('after', '\nExamples:\n  forescale covariates list')
  addList(group, around, done)
  addAdd(group, around, done)
  addRemove(group, around, done)
  addImport(group, around, done)
}

type Adder = (group: Command, around: Surroundings, done: (code: number) => void) => void

const addList: Adder = (group, around, done) => {
  const command = group
    .command('list')
    .description('events by their beginning, holidays among them')
    .option('-s, --service <name>', 'those that may act on this service')
    .option('--from <time>', 'ISO 8601 with a zone, or Unix ms; 28 days ago when absent')
    .option('--to <time>', 'the same; 60 days ahead when absent')
    .addOption(jsonOption())
    .addHelpText('after', LIST_EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { json, service, from, to }) => {
    const answer = await api.raw('GET', `/v1/covariates${queryOf({ service, from, to })}`)
    if (json) terminal.printJson(answer)
    else show(read(Events, answer, api.url).items, terminal)
    return undefined
  })
}

const addAdd: Adder = (group, around, done) => {
  const command = group
    .command('add')
    .description('store one event')
    .argument('<name>', 'events of one name are taken to act alike')
    .requiredOption('--from <time>', 'ISO 8601 with a zone, or Unix ms')
    .requiredOption('--to <time>', 'the same')
    .option('-s, --service <name>', 'whose load it acts on; all when absent')
    .option('--value <size>', 'its size beside others of its name', finite, 1)
    .option('--before <span>', 'time before it in which it acts too: 30m, 2h', duration, 0)
    .option('--after <span>', 'the same after it', duration, 0)
    .addOption(jsonOption())
    .addHelpText('after', ADD_EXAMPLES)
  act(command, around, done, async ({ terminal, api }, options, [name]) => {
    const { from, to, service = null, value, before, after, json } = options
    const event = { name, from, to, service, value, beforeMs: before, afterMs: after }
    const answer = await api.raw('POST', '/v1/covariates', { events: [event] })
    const [stored] = read(Events, answer, api.url).items
    if (json) terminal.printJson(stored)
    else terminal.print(`stored ${stored!.id}: ${nameOf(stored!)} ${timeOf(stored!)}`)
    return undefined
  })
}

const addRemove: Adder = (group, around, done) => {
  const command = group
    .command('remove')
    .description('remove events: one that did not take place, or will not')
    .argument('<ids...>', 'their ids, as list shows them')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale covariates remove 0f3a5c7e9b1d2f48')
  act(command, around, done, async ({ terminal, api }, { json }, ids) => {
    const removed: CovariateEvent[] = []
    for (const id of ids) {
      const answer = await api.raw('DELETE', `/v1/covariates/${encodeURIComponent(id)}`)
      removed.push(read(CovariateEvent, answer, api.url))
    }
    if (json) terminal.printJson(removed)
    else for (const event of removed) terminal.print(`removed: ${nameOf(event)} ${timeOf(event)}`)
    return undefined
  })
}

const addImport: Adder = (group, around, done) => {
  const command = group
    .command('import')
    .description('store the events of a CSV or JSON file')
    .argument('<file>', '.csv or .json')
    .addOption(jsonOption())
    .addHelpText('after', IMPORT_EXAMPLES)
  act(command, around, done, async ({ terminal, api }, { json }, [file = '']) => {
    const stored = await store(await readEvents(file), api)
    if (json) terminal.printJson(stored)
    else terminal.print(`stored ${stored.length} events of ${file}`)
    return undefined
  })
}

async function store(events: readonly unknown[], api: Api): Promise<CovariateEvent[]> {
  const stored: CovariateEvent[] = []
  for (let i = 0; i < events.length; i += BATCH) {
    const answer = await api.raw('POST', '/v1/covariates', { events: events.slice(i, i + BATCH) })
    stored.push(...read(Events, answer, api.url).items)
  }
  return stored
}

/** As the API takes them; what is wrong with a field the API says. */
async function readEvents(file: string): Promise<readonly unknown[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `${file} cannot be read`, undefined, { cause })
  }
  const events = file.toLowerCase().endsWith('.json') ? fromJson(file, text) : fromCsv(file, text)
  if (events.length === 0) throw new CommandFailure(EXIT.usage, `${file} holds no events`)
  return events
}

function fromJson(file: string, text: string): readonly unknown[] {
  try {
    return z.array(z.unknown()).parse(JSON.parse(text))
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `${file} is no JSON list of events`, undefined, { cause })
  }
}

function fromCsv(file: string, text: string): readonly unknown[] {
  const { titles, columns } = readCsv(text, file)
  const unknown = titles.filter((title) => !COLUMNS.some((column) => column === title))
  const missing = COLUMNS.slice(0, 3).filter((column) => !titles.includes(column))
  if (unknown.length > 0 || missing.length > 0) {
    const allowed = `allowed: name,from,to and of ${COLUMNS.slice(3).join(',')}`
    throw new CommandFailure(EXIT.usage, `${file}:1: "${titles.join()}" is not allowed; ${allowed}`)
  }
  return columns[0]!.map((_, row) =>
    Object.fromEntries(titles.flatMap((title, c) => fieldOf(title, columns[c]![row]!.trim()))),
  )
}

function fieldOf(title: string, cell: string): [string, unknown][] {
  if (cell === '') return []
  const isNumber = title === 'value' || title.endsWith('Ms')
  return [[title, isNumber && Number.isFinite(Number(cell)) ? Number(cell) : cell]]
}

function show(events: readonly CovariateEvent[], terminal: Terminal): void {
  if (events.length === 0) {
    terminal.print('no events')
    return
  }
  const nowMs = terminal.nowMs()
  const columns: Column<CovariateEvent>[] = [
    { title: 'ID', text: ({ id, source }) => (source === 'holidays' ? 'holiday' : id) },
    { title: 'NAME', text: nameOf },
    { title: 'SERVICE', text: ({ service }) => service ?? 'all' },
    { title: 'BEGINS', text: ({ fromMs }) => timeOfDay(fromMs) },
    { title: 'LASTS', text: ({ fromMs, toMs }) => span(toMs - fromMs) },
    { title: 'WHEN', text: (event) => whenOf(event, nowMs) },
  ]
  for (const line of table(columns, events)) terminal.print(line)
}

function nameOf({ name, value }: CovariateEvent): string {
  return value === 1 ? name : `${name} (${value})`
}

function timeOf({ fromMs, toMs }: CovariateEvent): string {
  return `${timeOfDay(fromMs)}, ${span(toMs - fromMs)}`
}

function whenOf({ fromMs, toMs }: CovariateEvent, nowMs: number): string {
  if (fromMs > nowMs) return fromNow(fromMs, nowMs)
  return toMs > nowMs ? 'now' : fromNow(toMs, nowMs)
}

function finite(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: a number`)
}

function duration(text: string): number {
  try {
    return readSpanMs(text, 'span')
  } catch {
    throw new InvalidArgumentError(`"${text}" is not allowed; allowed: 90s, 30m, 2h, 1d`)
  }
}
