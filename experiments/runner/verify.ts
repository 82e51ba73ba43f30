/**
 * `npm run verify:experiments`: every shipped experiment with one worker and with two, from nothing, and whether every file
 * that has to be the same is the same, byte for byte. In a reduced form, which the table states, or with --whole as shipped.
 */
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { armName, type Dataset } from './config.ts'
import { type Experiment, readExperimentFile } from './config-file.ts'
import { writeOutput } from './output.ts'
import { createPool } from './pool.ts'
import { runJobs } from './run.ts'

const CONFIGS = fileURLToPath(new URL('../configs', import.meta.url))
const WORKERS = [1, 2] as const

const { only, whole, configs } = new Command('verify:experiments')
  .description('Runs every shipped experiment on one worker and on two, and compares all bytes.')
  .option('--only <names>', 'of these, by commas', (text: string) => text.split(','))
  .option('--whole', 'as shipped, not in a reduced form: hours', false)
  .option('--configs <folder>', 'another folder of experiments', CONFIGS)
  .parse()
  .opts<{ only?: string[]; whole: boolean; configs: string }>()

const names = globSync('*.yaml', { cwd: configs })
  .map((file) => path.basename(file, '.yaml'))
  .sort()
const unknown = (only ?? []).find((name) => !names.includes(name))
if (unknown !== undefined) {
  process.stderr.write(`--only ${unknown} is not allowed; allowed: ${names.join(', ')}\n`)
  process.exit(2)
}
process.stdout.write(
  `${whole ? 'as shipped' : 'reduced: two settings a controller, first seed, two data sets a kind, hours instead of days'}\n` +
    '| experiment | runs | files | one worker | two workers | same bytes |\n| --- | --- | --- | --- | --- | --- |\n',
)
for (const name of only ?? names) {
  const experiment = readExperimentFile(path.join(configs, `${name}.yaml`))
  await verify(whole ? experiment : reduced(experiment))
}

async function verify(experiment: Experiment): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), 'forescale-verify-'))
  try {
    const told: { seconds: number; runs: number; sums: Map<string, string> }[] = []
    for (const workers of WORKERS) {
      const out = path.join(home, String(workers))
      const sinceMs = performance.now()
      const runs = await run(experiment, out, workers)
      const seconds = (performance.now() - sinceMs) / 1000
      told.push({ seconds, runs, sums: sumsOf(out) })
    }
    const [one, two] = told
    const files = [...new Set([...one!.sums.keys(), ...two!.sums.keys()])]
    const different = files.filter((file) => one!.sums.get(file) !== two!.sums.get(file))
    if (different.length > 0) process.exitCode = 1
    const verdict = different.length === 0 ? 'yes' : `no: ${different.join(', ')}`
    const times = told.map(({ seconds }) => `${seconds.toFixed(0)} s`).join(' | ')
    process.stdout.write(
      `| ${experiment.config.name} | ${one!.runs} | ${files.length} | ${times} | ${verdict} |\n`,
    )
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function run(experiment: Experiment, out: string, workers: number): Promise<number> {
  const pool = createPool(workers, process.env)
  try {
    const ran = await runJobs(experiment, { out, library: { env: process.env }, pool })
    if (ran === undefined) throw new Error('aborted')
    await writeOutput(out, experiment, ran)
    return ran.done.length
  } finally {
    await pool.close()
  }
}

/** Of all files but what is no result: single jobs' files hold wall-clock times, as timing.json does. */
function sumsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      !file.startsWith('jobs') &&
      file !== 'timing.json' &&
      statSync(path.join(folder, file)).isFile(),
  )
  return new Map(
    files.sort().map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(path.join(folder, file)))
        .digest('hex'),
    ]),
  )
}

/** The same data sets of every kind, controllers and variants, but fewer, shorter and coarser. */
function reduced({ config, arms }: Experiment): Experiment {
  const own = config.controllers.flatMap((arm) => {
    const settings = arms.filter((setting) => setting.arm === armName(arm))
    return [...new Set([settings[0]!, settings.at(-1)!])]
  })
  const { setting, datasets, variants, seeds } = config
  return {
    arms: own,
    config: {
      ...config,
      setting: { ...setting, learnDays: Math.min(2, setting.learnDays), replayDays: 0.125 },
      datasets: datasets.map(fewer),
      ...(variants ? { variants: [variants[0]!, variants.at(-1)!] } : {}),
      seeds: seeds.slice(0, 1),
      blockHours: 1,
      draws: 100,
    },
  }
}

function fewer(dataset: Dataset): Dataset {
  switch (dataset.kind) {
    case 'traces':
      return { ...dataset, ids: dataset.ids.slice(0, 2) }
    case 'groups':
      return { ...dataset, groups: dataset.groups.slice(0, 1) }
    case 'synthetic':
      return { ...dataset, workloads: dataset.workloads.slice(0, 2), days: 3 }
    case 'services':
      return dataset
  }
}
