/**
 * The tree of commands. Every command brings its own help, examples included; completion is made from the tree.
 * Only the file of the command that was asked for is loaded: all of them together take longer than most commands do.
 */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addGlobalOptions } from './context.ts'
import type { Surroundings } from './terminal.ts'

type Add = (program: Command, around: Surroundings, done: (code: number) => void) => void

interface CommandFile {
  /** Every command that `add` adds, in its order. */
  readonly names: readonly string[]
  load(): Promise<Add>
}

/** In the order of the help. */
const FILES: readonly CommandFile[] = [
  { names: ['up'], load: async () => (await import('./commands/up.ts')).addUp },
  { names: ['status'], load: async () => (await import('./commands/status.ts')).addStatus },
  { names: ['forecast'], load: async () => (await import('./commands/forecast.ts')).addForecast },
  {
    names: ['explain-forecast'],
    load: async () => (await import('./commands/explain-forecast.ts')).addExplainForecast,
  },
  {
    names: ['importance'],
    load: async () => (await import('./commands/importance.ts')).addImportance,
  },
  { names: ['backtest'], load: async () => (await import('./commands/backtest.ts')).addBacktest },
  { names: ['whatif'], load: async () => (await import('./commands/whatif.ts')).addWhatif },
  {
    names: ['decisions', 'explain', 'replay'],
    load: async () => (await import('./commands/decisions.ts')).addDecisions,
  },
  { names: ['alerts'], load: async () => (await import('./commands/alerts.ts')).addAlerts },
  { names: ['outlook'], load: async () => (await import('./commands/outlook.ts')).addOutlook },
  {
    names: ['scoreboard'],
    load: async () => (await import('./commands/scoreboard.ts')).addScoreboard,
  },
  {
    names: ['right-size'],
    load: async () => (await import('./commands/right-size.ts')).addRightSize,
  },
  {
    names: ['pause', 'resume', 'mode', 'budget'],
    load: async () => (await import('./commands/control.ts')).addControl,
  },
  { names: ['models'], load: async () => (await import('./commands/models.ts')).addModels },
  { names: ['rollouts'], load: async () => (await import('./commands/rollouts.ts')).addRollouts },
  { names: ['policies'], load: async () => (await import('./commands/policies.ts')).addPolicies },
  {
    names: ['trainings'],
    load: async () => (await import('./commands/trainings.ts')).addTrainings,
  },
  { names: ['jobs'], load: async () => (await import('./commands/jobs.ts')).addJobs },
  {
    names: ['covariates'],
    load: async () => (await import('./commands/covariates.ts')).addCovariates,
  },
  { names: ['keys'], load: async () => (await import('./commands/keys.ts')).addKeys },
  { names: ['audit'], load: async () => (await import('./commands/audit.ts')).addAudit },
  { names: ['check'], load: async () => (await import('./commands/check.ts')).addCheck },
  { names: ['load'], load: async () => (await import('./commands/load.ts')).addLoad },
  { names: ['worker'], load: async () => (await import('./commands/worker.ts')).addWorker },
  {
    names: ['experiment'],
    load: async () => (await import('./commands/experiment.ts')).addExperiment,
  },
  { names: ['train'], load: async () => (await import('./commands/train.ts')).addTrain },
  { names: ['tune'], load: async () => (await import('./commands/tune.ts')).addTune },
  { names: ['config'], load: async () => (await import('./commands/config.ts')).addConfig },
  { names: ['k8s'], load: async () => (await import('./commands/k8s.ts')).addK8s },
  { names: ['dataset'], load: async () => (await import('./commands/dataset.ts')).addDataset },
  { names: ['store'], load: async () => (await import('./commands/store.ts')).addStore },
  { names: ['ledger'], load: async () => (await import('./commands/ledger.ts')).addLedger },
  {
    names: ['completion'],
    load: async () => (await import('./commands/completion.ts')).addCompletion,
  },
]

const PACKAGE = new URL('../../package.json', import.meta.url)
const DOCS_WIDTH = 100

const EXAMPLES = `
Examples:
  forescale up                    start the demo shop, or what ./forescale.yaml names
  forescale status                services, replicas, load and budget
  forescale explain search        why search has the replicas it has
  forescale pause                 stop all changes now

Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 configuration refused, 4 controller not reached, 5 condition not met,
6 conflict, 130 interrupted. Data goes to stdout, talk to stderr. More in docs/cli.md.`

/**
 * `done` is told the exit code of the command that ran. `argv` is what will be parsed: of the commands only those that
 * it asks for are there; without it, all. Throws CommanderError for global options that are wrong, help and version.
 */
export async function createProgram(
  around: Surroundings,
  done: (code: number) => void,
  argv?: readonly string[],
): Promise<Command> {
  const program = createBareProgram(around)
  addGlobalOptions(program, around)
  const adds = await Promise.all(filesFor(program, argv).map((file) => file.load()))
  for (const add of adds) add(program, around, done)
  return program
}

/** The file of the command that `argv` names; all where it names none: help, completion, slips of the pen. */
function filesFor(program: Command, argv: readonly string[] | undefined): readonly CommandFile[] {
  if (argv === undefined) return FILES
  // commander itself says which words are values of global options
  const [first, second] = program.parseOptions([...argv]).operands
  const asked = first === 'help' ? second : first
  const file = FILES.find(({ names }) => names.some((name) => name === asked))
  return file === undefined || asked === 'completion' ? FILES : [file]
}

function createBareProgram(around: Surroundings): Command {
  return new Command('forescale')
    .description('Predictive autoscaling under one budget.')
    .version(versionLine(), '-V, --version', 'print the version of forescale and of Node')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text),
      writeErr: (text) => void around.stderr.write(text),
      getOutHelpWidth: () => around.stdout.columns ?? DOCS_WIDTH,
      getErrHelpWidth: () => around.stderr.columns ?? DOCS_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(forescale --help shows what there is)')
    .exitOverride()
}

function versionLine(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  return `forescale ${version} (node ${process.versions.node})`
}
