/** `forescale models`: versions of the models, how two compare, who forecasts, and moving one to another machine. */
import { Argument, type Command, Option } from 'commander'
import { page } from '../../http/views.ts'
import { ModelComparison } from '../../models/compare.ts'
import { MODEL_STATUSES, ModelVersion } from '../../models/model-version.ts'
import { read } from '../api.ts'
import { act, type Context, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { readExported, writeExported } from '../exported-file.ts'
import { type Column, fromNow, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'
import { comparisonLines, versionLines } from './model-lines.ts'

const MOST_VERSIONS = 999_999_999
const number = (name: string, description: string) =>
  new Argument(name, description).argParser(wholeNumber(1, MOST_VERSIONS))
const whyOption = () => new Option('--why <text>', 'for the record').default('')
const Versions = page(ModelVersion)

type Adder = (group: Command, around: Surroundings, done: (code: number) => void) => void

export const addModels: Adder = (program, around, done) => {
  const group = program
    .command('models')
    .helpGroup('Act:')
    .description("versions of the services' models: compare, promote, roll back, retrain, move")
    .addHelpText('after', '\nExamples:\n  forescale models list')
  for (const add of [addList, addShow, addCompare, addPromote, addRollback, addRetrain]) {
    add(group, around, done)
  }
  addExport(group, around, done)
  addImport(group, around, done)
}

const at = (service: string, ...rest: (string | number)[]): string =>
  ['/v1/models', service, ...rest].map((part, i) => (i ? encodeURIComponent(part) : part)).join('/')

const addList: Adder = (group, around, done) => {
  const command = group
    .command('list')
    .description('versions, the newest first')
    .option('-s, --service <name>', 'of one service')
    .addOption(new Option('--status <status>', 'only these').choices(MODEL_STATUSES))
    .option('-n, --limit <rows>', 'most rows (20)', wholeNumber(1, 500))
    .option('--cursor <text>', 'go on after the page before')
    .addOption(jsonOption())
    .addHelpText('after', LIST_EXAMPLES)
  act(command, around, done, async ({ api, terminal }, options) => {
    const { service, status, limit = 20, cursor, json } = options
    const answer = await api.raw('GET', `/v1/models${queryOf({ service, status, limit, cursor })}`)
    if (json) {
      terminal.printJson(answer)
      return
    }
    const { items, next } = read(Versions, answer, api.url)
    if (items.length === 0) terminal.say('no versions yet')
    else for (const line of table(columns(terminal), items)) terminal.print(line)
    if (next !== null) terminal.say(`more: --cursor ${next}`)
  })
}

function columns(terminal: Terminal): Column<ModelVersion>[] {
  const nowMs = terminal.nowMs()
  return [
    { title: 'SERVICE', text: (row) => row.service },
    { title: 'VERSION', right: true, text: (row) => String(row.number) },
    { title: 'STATUS', text: (row) => row.status },
    { title: 'MODEL', text: (row) => row.kind },
    { title: 'FITTED', text: (row) => fromNow(row.fittedAtMs, nowMs) },
    { title: 'WHY', text: (row) => row.reason },
    {
      title: 'LOSS',
      right: true,
      text: ({ quality }) =>
        quality.scaledPinball === null ? '–' : quality.scaledPinball.toFixed(4),
    },
    { title: 'STATE', text: (row) => (row.hasArtifact ? 'kept' : '–') },
  ]
}

const addShow: Adder = (group, around, done) => {
  const command = group
    .command('show')
    .description('one version: its data, score, contest and standing')
    .argument('<service>', 'name of the service')
    .addArgument(number('<version>', 'its number'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale models show search 3')
  act(command, around, done, async (context, { json }) => {
    const [service, version] = command.processedArgs as [string, number]
    const answer = await context.api.raw('GET', at(service, version))
    print(context, answer, json, (model) => versionLines(model, context.terminal.nowMs()))
    return undefined
  })
}

/** A version as JSON, or as lines. */
function print(
  { api, terminal }: Context,
  answer: unknown,
  json: unknown,
  linesOf: (model: ModelVersion) => readonly string[],
): void {
  if (json) terminal.printJson(answer)
  else for (const line of linesOf(read(ModelVersion, answer, api.url))) terminal.print(line)
}

const addCompare: Adder = (group, around, done) => {
  const command = group
    .command('compare')
    .description('two versions over the same recent loads, with the Diebold–Mariano test')
    .argument('<service>', 'name of the service')
    .addArgument(number('<a>', 'one version'))
    .addArgument(number('<b>', 'the other'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale models compare search 3 4')
  act(command, around, done, async ({ api, terminal }, { json }) => {
    const [service, a, b] = command.processedArgs as [string, number, number]
    const answer = await api.raw('GET', `${at(service, 'compare')}${queryOf({ a, b })}`)
    if (json) terminal.printJson(answer)
    else
      for (const line of comparisonLines(read(ModelComparison, answer, api.url)))
        terminal.print(line)
    return undefined
  })
}

const becomesChampion = ({ service, number: n, kind }: ModelVersion) => [
  `version ${n} of ${service} (${kind}) forecasts from the next tick on`,
]

const addPromote: Adder = (group, around, done) => {
  const command = group
    .command('promote')
    .description('make the challenger the champion from the next tick on')
    .argument('<service>', 'name of the service')
    .addArgument(number('<version>', "the challenger's number"))
    .addOption(whyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale models promote search 4 --why "sees the campaign"',
    )
  act(command, around, done, async (context, { why, json }) => {
    const [service, version] = command.processedArgs as [string, number]
    const answer = await context.api.raw('POST', at(service, 'promote'), { number: version, why })
    print(context, answer, json, becomesChampion)
    return undefined
  })
}

const addRollback: Adder = (group, around, done) => {
  const command = group
    .command('rollback')
    .description('take back an earlier version, or the champion before this one')
    .argument('<service>', 'name of the service')
    .addArgument(number('[version]', 'a version whose state is kept'))
    .addOption(whyOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale models rollback search --why "too low at noon"')
  act(command, around, done, async (context, { why, json }) => {
    const [service, version] = command.processedArgs as [string, number | undefined]
    const request = version === undefined ? { why } : { number: version, why }
    const answer = await context.api.raw('POST', at(service, 'rollback'), request)
    print(context, answer, json, (model) => [...becomesChampion(model), model.detail])
    return undefined
  })
}

const addRetrain: Adder = (group, around, done) => {
  const command = group
    .command('retrain')
    .description('fit a service anew at the next tick; the champion serves meanwhile')
    .argument('<service>', 'name of the service')
    .addOption(whyOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale models retrain search --why "new release"')
  act(command, around, done, async ({ api, terminal }, { why, json }, [service = '']) => {
    const answer = await api.raw('POST', at(service, 'retrain'), { why })
    if (json) terminal.printJson(answer)
    else terminal.print(`${service} will be fitted at the next tick; see forescale models list`)
    return undefined
  })
}

const addExport: Adder = (group, around, done) => {
  const command = group
    .command('export')
    .description('write a version with its fitted state to a file, or to stdout')
    .argument('<service>', 'name of the service')
    .addArgument(number('<version>', 'its number'))
    .option('-o, --output <file>', 'where to (stdout)')
    .addHelpText('after', '\nExamples:\n  forescale models export search 3 -o search.model.json')
  act(command, around, done, async ({ api, terminal }, { output }) => {
    const [service, version] = command.processedArgs as [string, number]
    const answer = await api.raw('GET', at(service, version, 'export'))
    await writeExported(answer, output, terminal)
  })
}

const addImport: Adder = (group, around, done) => {
  const command = group
    .command('import')
    .description('take in a version from a file: champion where there is none, else challenger')
    .argument('<service>', 'name of the service')
    .argument('<file>', 'what `forescale models export` wrote')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale models import search search.model.json')
  act(command, around, done, async (context, { json }, [service = '', file = '']) => {
    const answer = await context.api.raw(
      'POST',
      at(service, 'import'),
      await readExported(file, 'model file', 'forescale models export'),
    )
    print(context, answer, json, ({ number: n, status }) => [
      `imported as version ${n} of ${service}, ${status}`,
    ])
    return undefined
  })
}

const LIST_EXAMPLES = `
Examples:
  forescale models list
  forescale models list -s search --status champion`
