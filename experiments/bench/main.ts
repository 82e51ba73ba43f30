/** `npm run bench`: every figure as a ratio to a named peer measured in the same run; `-- --json` one object a line. */
import { Command } from 'commander'
import { benchEnvironments } from './simulator/environments.ts'
import { peersPython } from './simulator/python.ts'
import { benchTick } from './tick.ts'
import type { Figure } from './timing.ts'

const { json } = new Command('bench')
  .option('--json', 'one object a line', false)
  .parse()
  .opts<{ json: boolean }>()

const figures: Figure[] = await benchTick()
const python = peersPython()
if (python !== undefined) figures.push(...(await benchEnvironments(python)))
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
