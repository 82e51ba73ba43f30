/** `node experiments/validate-fluid.ts`: both simulators on the same settings, side by side; `-- --json` one object a line. */
import { Command } from 'commander'
import { compare, SETTINGS } from './simulator/agreement.ts'

const { json, seeds, only } = new Command('validate-fluid')
  .description('the fluid simulator beside the one of single requests')
  .option('--json', 'one object a line', false)
  .option('--seeds <n>', 'runs of the request simulator a setting', '3')
  .option('--only <text>', 'settings whose name contains it', '')
  .parse()
  .opts<{ json: boolean; seeds: string; only: string }>()

const pair = (fluid: number, requests: number, digits: number): string =>
  `${fluid.toFixed(digits)} / ${requests.toFixed(digits)}`

const rows: Record<string, string>[] = []
for (const setting of SETTINGS.filter(({ name }) => name.includes(only))) {
  const { fluid, requests } = compare(setting, Number(seeds))
  if (json) {
    process.stdout.write(`${JSON.stringify({ setting: setting.name, fluid, requests })}\n`)
    continue
  }
  rows.push({
    'setting (fluid / requests)': setting.name,
    utilization: pair(fluid.utilization, requests.utilization, 3),
    queued: pair(fluid.queued, requests.queued, 1),
    'mean, ms': pair(1000 * fluid.latencyMeanSeconds, 1000 * requests.latencyMeanSeconds, 1),
    'p95, ms': pair(1000 * fluid.latencyP95Seconds, 1000 * requests.latencyP95Seconds, 0),
    'violations, %': pair(100 * fluid.violationRatio, 100 * requests.violationRatio, 3),
    'failures, %': pair(100 * fluid.failureRatio, 100 * requests.failureRatio, 2),
    cost: pair(fluid.cost, requests.cost, 4),
  })
}
if (!json) console.table(rows)
