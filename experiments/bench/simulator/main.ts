/** `npm run bench:simulator`: both simulators and an environment's step, each beside a named peer; `-- --json` one object a line. */
import { Command } from 'commander'
import type { Figure } from '../timing.ts'
import { benchEnvironments } from './environments.ts'
import { benchFluid } from './fluid.ts'
import { peersPython } from './python.ts'
import { benchRequests } from './requests.ts'

const { json } = new Command('bench:simulator')
  .option('--json', 'one object a line', false)
  .parse()
  .opts<{ json: boolean }>()

const python = peersPython()
const figures: Figure[] = benchRequests()
if (python !== undefined) figures.push(...benchFluid(python), ...(await benchEnvironments(python)))
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
