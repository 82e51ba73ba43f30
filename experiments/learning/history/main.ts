/**
 * `npm run compare:own-past`: policies learned on each service's own past and judged on its future, several services under
 * one budget, beside the analytic policy's whole sweep. A group that was played is kept and not played again; `-- --only`
 * plays some, `-- --report` prints the tables of all that are there.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { z } from 'zod'
import { readYaml } from '../../../services/config-yaml.ts'
import { codeVersion } from '../../../services/jobs/code-version.ts'
import { ARMS, type ArmName, type GroupResult, playGroup } from './arms.ts'
import { HistoryConfig } from './config.ts'
import { reportOf } from './report.ts'

const OWN = fileURLToPath(new URL('./own-past.yaml', import.meta.url))

const { file, out, only, report, arms } = new Command('compare:own-past')
  .option('--file <yaml>', 'what is compared', OWN)
  .option('--out <folder>', 'where results are kept', 'results/own-past')
  .option('--only <groups...>', 'of the groups these')
  .option('--report', 'play nothing; tables of what is there', false)
  .option('--arms <names...>', 'arms to be shown trace by trace', [
    'alone-sure',
    'hierarchical-sure',
  ])
  .parse()
  .opts<{ file: string; out: string; only?: string[]; report: boolean; arms: string[] }>()

const { value, faults } = readYaml(readFileSync(file, 'utf8'), file)
if (faults.length > 0) throw new Error(faults.join('\n'))
const config = HistoryConfig.parse(value)
const shown = z.array(z.enum(Object.keys(ARMS) as [ArmName, ...ArmName[]])).parse(arms)
const names = config.groups.map(({ name }) => name)
const unknown = only?.find((name) => !names.includes(name))
if (unknown)
  throw new Error(`group "${unknown}" is not in ${file}; allowed are ${names.join(', ')}`)

mkdirSync(out, { recursive: true })
const results: GroupResult[] = []
for (const group of config.groups) {
  const { groups: _, draws, level, ...settings } = config
  const made = JSON.stringify([settings, group, report ? undefined : codeVersion()])
  const key = createHash('sha256').update(made).digest('hex').slice(0, 12)
  const kept = path.join(out, `${group.name}.json`)
  const known = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : undefined
  if (known && (report || known.key === key)) {
    results.push(...known.results)
    continue
  }
  if (report || (only && !only.includes(group.name))) continue
  const onProgress = (what: string) => process.stderr.write(`${what}\n`)
  const played = await playGroup({ config, group, library: { env: process.env }, onProgress })
  writeFileSync(kept, JSON.stringify({ key, results: played }))
  results.push(...played)
}
process.stdout.write(`${reportOf(results, config, shown)}\n`)
