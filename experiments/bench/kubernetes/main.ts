/**
 * `npm run bench:kubernetes`: a thousand Deployments on a real control plane (simulated nodes), by the target alone and by a whole
 * controller that has its services from their annotations. `-- --deployments N` of another number.
 */
import { Command } from 'commander'
import { benchController } from './controller.ts'
import { benchTarget } from './target.ts'

const { deployments } = new Command('bench:kubernetes')
  .option('--deployments <count>', 'how many', '1000')
  .parse()
  .opts<{ deployments: string }>()
const names = Array.from({ length: Number(deployments) }, (_, i) => `web-${i}`)
await benchTarget(names)
await benchController(names)
