/**
 * `npm run stores -- outage`: each store's server is ended for a minute under load. `npm run stores -- throughput`: a
 * million samples and ten thousand forecasts with InfluxDB. Both need the real servers (services/stores/README.md).
 */
import { Argument, Command } from 'commander'
import { influxOutage, prometheusOutage } from './outage.ts'
import { throughput } from './throughput.ts'

const command = new Command('stores')
  .addArgument(new Argument('<what>').choices(['outage', 'throughput']))
  .option('--seconds <n>', 'how long the server is away', Number, 60)
  .option('--services <n>', 'services', Number)
  .parse()
const { seconds, services } = command.opts<{ seconds: number; services?: number }>()

if (command.args[0] === 'outage') {
  const size = services ?? 200
  const rows = [
    await influxOutage({ seconds, services: size, samplesPerSecond: 5 * size }),
    await prometheusOutage({ seconds, services: size, samplesPerSecond: size }),
  ]
  for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  process.exitCode = rows.some((row) => row.lost > 0 || row.decreases > 0) ? 1 : 0
} else {
  process.stdout.write(`${JSON.stringify(await throughput(services ?? 10_000))}\n`)
}
