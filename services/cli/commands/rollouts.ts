/** `forescale rollouts`: a strategy from shadow over canary to full and back, and two strategies side by side. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { PolicyKind } from '../../../agents/service-spec.ts'
import { page } from '../../http/views.ts'
import { AutomaticView } from '../../rollouts/automatic-view.ts'
import { RolloutView } from '../../rollouts/request.ts'
import { Rollout, type Strategy } from '../../rollouts/rollout.ts'
import { read } from '../api.ts'
import { act, type Context, jsonOption, queryOf, wholeNumber } from '../context.ts'
import type { Surroundings } from '../terminal.ts'
import { automaticLines, rolloutLines, rolloutTable } from './rollout-lines.ts'

const MOST_ROLLOUTS = 999_999_999
const AT = '/v1/rollouts'
const Rollouts = page(Rollout)
const whyOption = () => new Option('--why <text>', 'for the record').default('')
const numberOf = () => wholeNumber(1, MOST_ROLLOUTS)
const rolloutArgument = () => new Argument('<number>', 'of the rollout').argParser(numberOf())

type Adder = (group: Command, around: Surroundings, done: (code: number) => void) => void

export const addRollouts: Adder = (program, around, done) => {
  const group = program
    .command('rollouts')
    .helpGroup('Act:')
    .description('put a strategy to work step by step, compare two, take one back')
    .addHelpText('after', '\nExamples:\n  forescale rollouts list --open')
  for (const add of [
    addList,
    addAutomatic,
    addShow,
    addStart,
    addCompare,
    addAdvance,
    addStop,
    addRollback,
  ]) {
    add(group, around, done)
  }
}

const addList: Adder = (group, around, done) => {
  const command = group
    .command('list')
    .description('rollouts and comparisons, the newest first')
    .option('-s, --service <name>', 'of one service')
    .option('--open', 'only those that have not ended')
    .option('-n, --limit <rows>', 'most rows (20)', wholeNumber(1, 500))
    .option('--cursor <text>', 'go on after the page before')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale rollouts list -s search --open')
  act(command, around, done, async ({ api, terminal }, options) => {
    const { service, open, limit = 20, cursor, json } = options
    const answer = await api.raw('GET', `${AT}${queryOf({ service, open, limit, cursor })}`)
    if (json) {
      terminal.printJson(answer)
      return
    }
    const { items, next } = read(Rollouts, answer, api.url)
    if (items.length === 0) terminal.say('no rollouts yet')
    else for (const line of rolloutTable(items, terminal.nowMs())) terminal.print(line)
    if (next !== null) terminal.say(`more: --cursor ${next}`)
  })
}

const addAutomatic: Adder = (group, around, done) => {
  const command = group
    .command('automatic')
    .description('what is known of each policy where rollouts are begun by themselves')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale rollouts automatic')
  act(command, around, done, async ({ api, terminal }, { json }) => {
    const answer = await api.raw('GET', `${AT}/automatic`)
    if (json) terminal.printJson(answer)
    else
      for (const line of automaticLines(read(AutomaticView, answer, api.url), terminal.nowMs()))
        terminal.print(line)
    return undefined
  })
}

/** A rollout as JSON, or as lines. */
function print({ api, terminal }: Context, answer: unknown, json: unknown): undefined {
  if (json) terminal.printJson(answer)
  else
    for (const line of rolloutLines(read(RolloutView, answer, api.url), terminal.nowMs()))
      terminal.print(line)
}

const addShow: Adder = (group, around, done) => {
  const command = group
    .command('show')
    .description('one rollout: its stage, what was found so far, and how it got there')
    .addArgument(rolloutArgument())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale rollouts show 3')
  act(command, around, done, async (context, { json }, [number]) =>
    print(context, await context.api.raw('GET', `${AT}/${number}`), json),
  )
}

/** `predictive`, `reactive`, or a learned policy by its version. */
function strategy(text: string): Strategy {
  if (/^[0-9a-f]{16}$/.test(text)) return { policy: 'learned', version: text }
  const { data } = PolicyKind.exclude(['learned']).safeParse(text)
  if (data) return { policy: data, version: null }
  throw new InvalidArgumentError(
    `"${text}" is not allowed; allowed: predictive, reactive, or the version of a learned policy (forescale policies list)`,
  )
}

const share = (text: string): number => {
  const value = Number(text)
  if (value > 0 && value < 1) return value
  throw new InvalidArgumentError(`"${text}" is not allowed; allowed: above 0 and below 1`)
}

const collect = (name: string, names: string[] | undefined) => [...(names ?? []), name]

function withTarget(command: Command): Command {
  return command
    .option('-s, --service <name>', 'only on this one, again for more (all)', collect)
    .option('--share <share>', 'of services and time that the candidate acts in canary', share)
    .option('--alpha <level>', 'chance of a wrong conclusion in a stage', share)
    .option('--most-units <n>', 'give up after so many', wholeNumber(2, MOST_ROLLOUTS))
    .addOption(whyOption())
    .addOption(jsonOption())
}

function targetOf(options: Record<string, unknown>) {
  const { service: services, share: part, alpha, mostUnits, why } = options
  const settings = { share: part, alpha, mostUnits }
  return { services, settings, why }
}

const addStart: Adder = (group, around, done) => {
  const command = withTarget(
    group
      .command('start')
      .description('roll a strategy out: shadow, canary, full; back by itself when it does harm')
      .addArgument(
        new Argument('<candidate>', 'strategy, or version of a policy').argParser(strategy),
      )
      .addOption(
        new Option('--from <stage>', 'leave out what comes before').choices([
          'shadow',
          'canary',
          'full',
        ]),
      ),
  ).addHelpText(
    'after',
    '\nExamples:\n  forescale rollouts start 9c1185a5d0f20b7e -s search --why "learned last night"',
  )
  act(command, around, done, async (context, options) => {
    const [candidate] = command.processedArgs as [Strategy]
    const request = { ...targetOf(options), candidate, from: options.from }
    print(context, await context.api.raw('POST', AT, request), options.json)
    return undefined
  })
}

const addCompare: Adder = (group, around, done) => {
  const command = withTarget(
    group
      .command('compare')
      .description('two strategies side by side on live load; nothing follows from it')
      .addArgument(new Argument('<a>', 'strategy, or version of a policy').argParser(strategy))
      .addArgument(new Argument('<b>', 'the other').argParser(strategy)),
  ).addHelpText('after', '\nExamples:\n  forescale rollouts compare predictive reactive')
  act(command, around, done, async (context, options) => {
    const [champion, candidate] = command.processedArgs as [Strategy, Strategy]
    const request = { ...targetOf(options), kind: 'comparison', champion, candidate }
    print(context, await context.api.raw('POST', AT, request), options.json)
    return undefined
  })
}

function addStep(name: string, description: string, example: string): Adder {
  return (group, around, done) => {
    const command = group
      .command(name)
      .description(description)
      .addArgument(rolloutArgument())
      .addOption(whyOption())
      .addOption(jsonOption())
      .addHelpText('after', `\nExamples:\n  forescale rollouts ${example}`)
    act(command, around, done, async (context, { why, json }, [number]) =>
      print(context, await context.api.raw('POST', `${AT}/${number}/${name}`, { why }), json),
    )
  }
}

const addAdvance = addStep(
  'advance',
  'one stage on, whatever was found; a full one is promoted',
  'advance 3 --why "sure enough"',
)
const addStop = addStep('stop', 'end one; what acted before acts again', 'stop 3')

const addRollback: Adder = (group, around, done) => {
  const command = group
    .command('rollback')
    .description('back to what acted before, whether it runs or was promoted long ago')
    .addArgument(
      new Argument('[number]', 'of the rollout (the newest that can be)').argParser(numberOf()),
    )
    .addOption(whyOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale rollouts rollback --why "too dear at noon"')
  act(command, around, done, async (context, { why, json }) => {
    const [number] = command.processedArgs as [number | undefined]
    const request = number === undefined ? { why } : { number, why }
    print(context, await context.api.raw('POST', `${AT}/rollback`, request), json)
    return undefined
  })
}
