/** `forescale trainings`: policies that the controller trains, beside its ticks. */
import { readFile } from 'node:fs/promises'
import { Argument, type Command, Option } from 'commander'
import { items } from '../../http/views.ts'
import { TRAINING_STATES, Training, TrainingView } from '../../trainings/training.ts'
import { read } from '../api.ts'
import { act, type Context, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'
import { seedsOption, stepsOption } from './train.ts'
import { trainingLines, trainingTable } from './training-lines.ts'

const AT = '/v1/trainings'
const MOST_TRAININGS = 999_999_999
const Trainings = items(Training)
const numberArgument = () =>
  new Argument('<number>', 'of the training').argParser(wholeNumber(1, MOST_TRAININGS))
const whyOption = () => new Option('--why <text>', 'for the record').default('')

type Adder = (group: Command, around: Surroundings, done: (code: number) => void) => void

export const addTrainings: Adder = (program, around, done) => {
  const group = program
    .command('trainings')
    .helpGroup('Act:')
    .description('have the controller train policies: start, list, show, cancel, resume, remove')
    .addHelpText('after', '\nExamples:\n  forescale trainings list')
  for (const add of [addList, addShow, addStart, addCancel, addResume, addRemove]) {
    add(group, around, done)
  }
}

const addList: Adder = (group, around, done) => {
  const command = group
    .command('list')
    .description('trainings, the newest first')
    .addOption(new Option('--state <state>', 'only these').choices(TRAINING_STATES))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale trainings list --state running')
  act(command, around, done, async ({ api, terminal }, { state, json }) => {
    const answer = await api.raw('GET', `${AT}${queryOf({ state })}`)
    if (json) {
      terminal.printJson(answer)
      return
    }
    const shown = read(Trainings, answer, api.url).items
    if (shown.length === 0) terminal.say('no trainings yet')
    else for (const line of trainingTable(shown, terminal.nowMs())) terminal.print(line)
  })
}

/** A training as JSON, or as lines. */
function print({ api, terminal }: Context, answer: unknown, json: unknown): undefined {
  if (json) terminal.printJson(answer)
  else
    for (const line of trainingLines(read(TrainingView, answer, api.url), terminal.nowMs()))
      terminal.print(line)
}

const addShow: Adder = (group, around, done) => {
  const command = group
    .command('show')
    .description('one training: how far its runs are, and what came of it')
    .addArgument(numberArgument())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale trainings show 3')
  act(command, around, done, async (context, { json }, [number]) =>
    print(context, await context.api.raw('GET', `${AT}/${number}`), json),
  )
}

const addStart: Adder = (group, around, done) => {
  const command = group
    .command('start')
    .description('train a policy on simulated services; its best comes into the registry')
    .argument('<training>', 'name of a shipped one, or a YAML file as `forescale train` takes it')
    .addOption(seedsOption())
    .addOption(stepsOption())
    .addOption(whyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale trainings start smoke\n  forescale trainings start mine.yaml --seeds 1,2,3 --steps 200000',
    )
  act(command, around, done, async (context, { seeds, steps, why, json }, [what = '']) => {
    const request = { training: await trainingOf(what), seeds, steps, why }
    return print(context, await context.api.raw('POST', AT, request), json)
  })
}

/** A name as it stands; of a file its settings: the controller may be on another machine. */
async function trainingOf(what: string): Promise<unknown> {
  if (!/[./\\]/.test(what)) return what
  const text = await readFile(what, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandFailure(EXIT.usage, `${what} cannot be read (${cause.code})`, undefined, {
      cause,
    })
  })
  const { readYaml } = await import('../../config-yaml.ts')
  return readYaml(text, what).value
}

function addStep(name: 'cancel' | 'resume', description: string, example: string): Adder {
  return (group, around, done) => {
    const command = group
      .command(name)
      .description(description)
      .addArgument(numberArgument())
      .addOption(jsonOption())
      .addHelpText('after', `\nExamples:\n  forescale trainings ${example}`)
    if (name === 'cancel') command.addOption(whyOption())
    act(command, around, done, async (context, { why, json }, [number]) =>
      print(
        context,
        await context.api.raw('POST', `${AT}/${number}/${name}`, why === undefined ? {} : { why }),
        json,
      ),
    )
  }
}

const addCancel = addStep('cancel', 'end one; it can be resumed', 'cancel 3 --why "not today"')
const addResume = addStep('resume', 'have one go on from its last round', 'resume 3')

const addRemove: Adder = (group, around, done) => {
  const command = group
    .command('remove')
    .description('remove one with its files; what it brought into the registry stays')
    .addArgument(numberArgument())
    .addHelpText('after', '\nExamples:\n  forescale trainings remove 3')
  act(command, around, done, async ({ api, terminal }, _options, [number]) => {
    await api.raw('DELETE', `${AT}/${number}`)
    terminal.say(`training ${number} is gone`)
    return undefined
  })
}
