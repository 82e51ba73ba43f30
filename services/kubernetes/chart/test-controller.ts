/**
 * The pod of a rendered chart as processes of this machine: its init container's script, then its command, with the
 * configuration of its ConfigMap, and an account of the cluster in place of the one that a pod is given.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import getPort from 'get-port'
import type { Manifest } from './test-chart.ts'

const READY_LIMIT_MS = 90_000
const run = promisify(execFile)

export interface RunningChart {
  /** As the first admin, whose key the init container left. */
  get(apiPath: string): Promise<unknown>
  log(): string
  stop(): Promise<void>
}

/** Resolves when the API says that it is ready. */
export async function startController(
  manifests: readonly Manifest[],
  kubeconfig: string,
): Promise<RunningChart> {
  const state = await mkdtemp(path.join(tmpdir(), 'forescale-pod-'))
  const { data } = manifests.find(
    ({ kind, data: held }) => kind === 'ConfigMap' && held['forescale.yaml'],
  )!
  const { spec } = manifests.find(({ kind }) => kind === 'Deployment')!.spec.template
  const config = path.join(state, 'forescale.yaml')
  await writeFile(config, data['forescale.yaml'])
  const port = await getPort()
  const env = {
    ...process.env,
    FORESCALE_CONFIG: config,
    FORESCALE_STATE_DIR: state,
    FORESCALE_PORT: String(port),
    FORESCALE_TICK_MS: '1000',
    FORESCALE_STEP_MS: '1000',
    FORESCALE_KUBERNETES__KUBECONFIG: kubeconfig,
  }
  const [init] = spec.initContainers
  const script = init.args[0].replaceAll('/state/', `${state}/`)
  await run(init.command[0], [...init.command.slice(1), script], { env })
  const key = (await readFile(path.join(state, 'first-admin-key'), 'utf8')).trim()
  // a second start finds the key that there is
  await run(init.command[0], [...init.command.slice(1), script], { env })

  const args = ['services/cli/forescale.js', ...spec.containers[0].args, '--only', 'controller']
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const get = async (apiPath: string) => {
    const headers = { authorization: `Bearer ${key}` }
    return (await fetch(`http://127.0.0.1:${port}${apiPath}`, { headers })).json()
  }
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill()
      await once(child, 'exit')
    }
    said += await readFile(path.join(state, 'logs', 'controller.log'), 'utf8').catch(() => '')
    await rm(state, { recursive: true, force: true })
  }
  const limitMs = Date.now() + READY_LIMIT_MS
  for (;;) {
    const answer = await get('/readyz').catch(() => undefined)
    if ((answer as { status?: string } | undefined)?.status === 'ready') break
    if (child.exitCode !== null || Date.now() > limitMs) {
      await stop()
      throw new Error(
        `the controller is not ready: ${JSON.stringify(answer)}\n${said.slice(-3000)}`,
      )
    }
    await sleep(200)
  }
  return { get, stop, log: () => said }
}
