/**
 * `npm run bench`: every figure as a ratio to a named peer measured in the same run; `-- --json` one object a line;
 * `-- --only tick`, `http`, `telemetry`, `networks`, `simulator` or `start` one part of it.
 */
import { Command, Option } from 'commander'
import { benchArbiter } from './arbiter.ts'
import { benchHttp } from './http.ts'
import { benchNetworks } from './networks.ts'
import { benchEnvironments } from './simulator/environments.ts'
import { benchFluid } from './simulator/fluid.ts'
import { peersPython } from './simulator/python.ts'
import { benchRequests } from './simulator/requests.ts'
import { benchStart } from './start.ts'
import { benchTelemetry } from './telemetry.ts'
import { benchTick } from './tick.ts'
import type { Figure } from './timing.ts'

const PARTS = ['tick', 'http', 'telemetry', 'networks', 'simulator', 'start'] as const

const { json, only } = new Command('bench')
  .option('--json', 'one object a line', false)
  .addOption(new Option('--only <part>', 'this part alone').choices(PARTS))
  .parse()
  .opts<{ json: boolean; only?: (typeof PARTS)[number] }>()

const figures: Figure[] = []
const wants = (part: (typeof PARTS)[number]): boolean => (only ?? part) === part
if (wants('tick')) figures.push(...(await benchArbiter()), ...(await benchTick()))
if (wants('http')) figures.push(...(await benchHttp()))
if (wants('start')) figures.push(...(await benchStart()))
if (wants('telemetry')) figures.push(...(await benchTelemetry()))
if (wants('networks')) figures.push(...(await benchNetworks()))
if (wants('simulator')) {
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
