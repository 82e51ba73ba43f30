/**
 * `npm run bench`: every figure as a ratio to a named peer measured in the same run; `-- --json` one object a line;
 * `-- --only tick` or `-- --only simulator` one part of it.
 */
import { Command, Option } from 'commander'
import { benchEnvironments } from './simulator/environments.ts'
import { benchFluid } from './simulator/fluid.ts'
import { peersPython } from './simulator/python.ts'
import { benchRequests } from './simulator/requests.ts'
import { benchTick } from './tick.ts'
import type { Figure } from './timing.ts'

const { json, only } = new Command('bench')
  .option('--json', 'one object a line', false)
  .addOption(new Option('--only <part>', 'this part alone').choices(['tick', 'simulator']))
  .parse()
  .opts<{ json: boolean; only?: 'tick' | 'simulator' }>()

const figures: Figure[] = []
if (only !== 'simulator') figures.push(...(await benchTick()))
if (only !== 'tick') {
  figures.push(...benchRequests())
  const python = peersPython()
  if (python !== undefined)
    figures.push(...benchFluid(python), ...(await benchEnvironments(python)))
}
if (json) {
  for (const figure of figures) process.stdout.write(`${JSON.stringify(figure)}\n`)
} else {
  console.table(
    figures.map(({ name, value, unit, peer, ratio }) => ({
      name,
      value: `${value.toPrecision(3)} ${unit}`,
      peer,
      ratio: ratio.toPrecision(3),
    })),
  )
}
