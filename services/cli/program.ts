/** The tree of commands. Every command brings its own help, examples included; completion is made from the tree. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { z } from 'zod'
import { addAlerts } from './commands/alerts.ts'
import { addAudit } from './commands/audit.ts'
import { addBacktest } from './commands/backtest.ts'
import { addCheck } from './commands/check.ts'
import { addCompletion } from './commands/completion.ts'
import { addConfig } from './commands/config.ts'
import { addControl } from './commands/control.ts'
import { addCovariates } from './commands/covariates.ts'
import { addDataset } from './commands/dataset.ts'
import { addDecisions } from './commands/decisions.ts'
import { addExperiment } from './commands/experiment.ts'
import { addExplainForecast } from './commands/explain-forecast.ts'
import { addForecast } from './commands/forecast.ts'
import { addImportance } from './commands/importance.ts'
import { addJobs } from './commands/jobs.ts'
import { addK8s } from './commands/k8s.ts'
import { addKeys } from './commands/keys.ts'
import { addLedger } from './commands/ledger.ts'
import { addLoad } from './commands/load.ts'
import { addModels } from './commands/models.ts'
import { addOutlook } from './commands/outlook.ts'
import { addPolicies } from './commands/policies.ts'
import { addRightSize } from './commands/right-size.ts'
import { addRollouts } from './commands/rollouts.ts'
import { addScoreboard } from './commands/scoreboard.ts'
import { addStatus } from './commands/status.ts'
import { addStore } from './commands/store.ts'
import { addTrain } from './commands/train.ts'
import { addTrainings } from './commands/trainings.ts'
import { addTune } from './commands/tune.ts'
import { addUp } from './commands/up.ts'
import { addWhatif } from './commands/whatif.ts'
import { addWorker } from './commands/worker.ts'
import { addGlobalOptions } from './context.ts'
import type { Surroundings } from './terminal.ts'

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

/** `done` is told the exit code of the command that ran. */
export function createProgram(around: Surroundings, done: (code: number) => void): Command {
  const program = new Command('forescale')
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
  addGlobalOptions(program, around)
  for (const add of [
    addUp,
    addStatus,
    addForecast,
    addExplainForecast,
    addImportance,
    addBacktest,
    addWhatif,
    addDecisions,
    addAlerts,
    addOutlook,
    addScoreboard,
    addRightSize,
    addControl,
    addModels,
    addRollouts,
    addPolicies,
    addTrainings,
    addJobs,
    addCovariates,
    addKeys,
    addAudit,
    addCheck,
    addLoad,
    addWorker,
    addExperiment,
    addTrain,
    addTune,
    addConfig,
    addK8s,
    addDataset,
    addStore,
    addLedger,
    addCompletion,
  ]) {
    add(program, around, done)
  }
  return program
}

function versionLine(): string {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(PACKAGE, 'utf8')))
  return `forescale ${version} (node ${process.versions.node})`
}
