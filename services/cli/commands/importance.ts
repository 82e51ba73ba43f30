/** `forescale importance SERVICE`: what its forecasts hang on. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { FeatureImportance } from '../../explanations/view.ts'
import { spanWords } from '../../explanations/words.ts'
import { act, type Context, jsonOption, positive } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { figure, table } from '../format.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const ASK_EVERY_MS = 500
const PATIENCE_SECONDS = 120

const EXAMPLES = `
Examples:
  forescale importance search
  forescale importance search --json

TIMES is how many times larger the loss is when an input is permuted: 1 says that it does not matter.`

export function addImportance(
  program: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = program
    .command('importance')
    .helpGroup('Look:')
    .description("what a service's forecasts hang on: newest steps, seasons, covariates")
    .argument('<service>', 'name of the service')
    .option('--wait <seconds>', 'longest wait until it is worked out', positive, PATIENCE_SECONDS)
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async (context, { json, wait }, [service = '']) => {
    const importance = await ready(context, service, Number(wait))
    if (json) context.terminal.printJson(importance)
    else show(importance, context.terminal)
    return undefined
  })
}

async function ready(
  { api, terminal }: Context,
  service: string,
  seconds: number,
): Promise<FeatureImportance> {
  const path = `/v1/services/${encodeURIComponent(service)}/forecast/importance`
  for (let waitedMs = 0; waitedMs <= seconds * 1000; waitedMs += ASK_EVERY_MS) {
    const importance = await api.get(path, FeatureImportance)
    if (importance.state !== 'computing') return importance
    if (waitedMs === 0) terminal.say('working it out; the first time this takes a while')
    await sleep(ASK_EVERY_MS)
  }
  const hint = 'ask again: it goes on, and is kept until the next fit'
  throw new CommandFailure(EXIT.unreachable, `not worked out within ${seconds} s`, hint)
}

function show({ state, inputs, neural, issueTimes }: FeatureImportance, terminal: Terminal): void {
  if (state === 'not-possible') {
    terminal.print('its history is too short to say, or its forecasts have never been wrong')
    return
  }
  const columns = [
    { title: 'INPUT', text: inputWords },
    { title: 'TIMES', right: true, text: (row: Input) => figure(row.lossRatio) },
  ]
  for (const line of table(columns, inputs)) terminal.print(line)
  terminal.print(terminal.paint('dim', `over ${issueTimes} issue times`))
  for (const { model, groups, output, expected } of neural) {
    terminal.print()
    terminal.print(
      `${model} says ${figure(output)}, on average ${figure(expected)} at other times; of the difference`,
    )
    const shares = [
      { title: 'INPUT', text: ({ name }: Group) => name },
      { title: 'NOW', right: true, text: ({ newest }: Group) => signed(newest) },
      { title: 'USUAL SIZE', right: true, text: (group: Group) => figure(group.importance) },
    ]
    for (const line of table(shares, groups)) terminal.print(line)
  }
}

type Input = FeatureImportance['inputs'][number]
type Group = FeatureImportance['neural'][number]['groups'][number]

function inputWords({ input, seasonMs }: Input): string {
  if (input === 'season') return `season of ${spanWords(seasonMs ?? 0)}`
  return input === 'recent' ? 'newest steps' : 'covariates'
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${figure(value)}`
}
