/** `forescale policies`: the registry of learned policies. */
import { Argument, type Command, Option } from 'commander'
import { page } from '../../http/views.ts'
import { LearnAnswer, POLICY_SOURCES, PolicyVersion } from '../../rollouts/policy-version.ts'
import { read } from '../api.ts'
import { act, jsonOption, queryOf, wholeNumber } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { readExported, writeExported } from '../exported-file.ts'
import { fromNow, table } from '../format.ts'
import type { Surroundings } from '../terminal.ts'

const AT = '/v1/policies'
const MOST_ROLLOUTS = 999_999_999
const Policies = page(PolicyVersion)

type Adder = (group: Command, around: Surroundings, done: (code: number) => void) => void

export const addPolicies: Adder = (program, around, done) => {
  const group = program
    .command('policies')
    .helpGroup('Act:')
    .description('learned policies: list, learn, import, export')
    .addHelpText('after', '\nExamples:\n  forescale policies list')
  for (const add of [addList, addLearn, addImport, addExport]) add(group, around, done)
}

const addList: Adder = (group, around, done) => {
  const command = group
    .command('list')
    .description('learned policies in the registry, the newest first')
    .addOption(new Option('--source <source>', 'only these').choices(POLICY_SOURCES))
    .option('-n, --limit <rows>', 'most rows (20)', wholeNumber(1, 500))
    .option('--cursor <text>', 'go on after the page before')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale policies list --source import')
  act(command, around, done, async ({ api, terminal }, options) => {
    const { source, limit = 20, cursor, json } = options
    const answer = await api.raw('GET', `${AT}${queryOf({ source, limit, cursor })}`)
    if (json) {
      terminal.printJson(answer)
      return
    }
    const { items, next } = read(Policies, answer, api.url)
    if (items.length === 0) terminal.say('no learned policies yet')
    else for (const line of linesOf(items, terminal.nowMs())) terminal.print(line)
    if (next !== null) terminal.say(`more: --cursor ${next}`)
  })
}

function linesOf(items: readonly PolicyVersion[], nowMs: number): string[] {
  return table(
    [
      { title: 'VERSION', text: (row) => row.version },
      { title: 'NAME', text: (row) => row.name },
      { title: 'LEARNER', text: (row) => row.learner },
      { title: 'SOURCE', text: (row) => row.source },
      { title: 'ADDED', text: (row) => fromNow(row.addedAtMs, nowMs) },
      { title: 'WHY', text: (row) => row.why },
    ],
    items,
  )
}

const addLearn: Adder = (group, around, done) => {
  const command = group
    .command('learn')
    .description('learn a policy from what the shadow stage of a rollout left in the ledger')
    .addArgument(new Argument('<rollout>', 'its number').argParser(wholeNumber(1, MOST_ROLLOUTS)))
    .addOption(new Option('--why <text>', 'for the record').default(''))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale policies learn 3 --why "a week of exploring"')
  act(command, around, done, async ({ api, terminal }, { why, json }) => {
    const [rollout] = command.processedArgs as [number]
    const answer = await api.raw('POST', `${AT}/learn`, { rollout, why })
    if (json) terminal.printJson(answer)
    const { policy, transitions, why: found } = read(LearnAnswer, answer, api.url)
    if (!json) terminal.print(`${found} (${transitions} units)`)
    if (!policy) return EXIT.thresholdNotMet
    if (!json)
      terminal.print(`learned ${policy.version}; forescale rollouts start ${policy.version}`)
    return undefined
  })
}

const addImport: Adder = (group, around, done) => {
  const command = group
    .command('import')
    .description('take in a learned policy; it acts for nobody until it is rolled out')
    .argument('<file>', 'a policy document, as `forescale train` and `policies export` write it')
    .addOption(new Option('--why <text>', 'for the record').default(''))
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale policies import cautious.policy.json')
  act(command, around, done, async ({ api, terminal }, { why, json }, [file = '']) => {
    const answer = await api.raw('POST', AT, {
      document: await readExported(file, 'policy', 'forescale policies export'),
      why,
    })
    if (json) terminal.printJson(answer)
    else {
      const { version, name } = read(PolicyVersion, answer, api.url)
      terminal.print(`${name} is ${version}; forescale rollouts start ${version}`)
    }
    return undefined
  })
}

const addExport: Adder = (group, around, done) => {
  const command = group
    .command('export')
    .description('write a learned policy to a file, or to stdout')
    .argument('<version>', 'of the policy')
    .option('-o, --output <file>', 'where to (stdout)')
    .addHelpText(
      'after',
      '\nExamples:\n  forescale policies export 9c1185a5d0f20b7e -o cautious.policy.json',
    )
  act(command, around, done, async ({ api, terminal }, { output }, [version = '']) => {
    const answer = await api.raw('GET', `${AT}/${encodeURIComponent(version)}`)
    await writeExported(answer, output, terminal)
    return undefined
  })
}
