/** TEST-ONLY: `node services/dashboard/dev/main.ts [port]` shows the built page over synthetic data. */
import { startReplayServer } from './replay-server.ts'

const server = await startReplayServer({ port: Number(process.argv[2] ?? 0) })
process.stdout.write(`${server.url}  (synthetic data)\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)))
}
