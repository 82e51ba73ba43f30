/**
 * A real Kubernetes control plane for tests: etcd, API server and controller manager as processes on loopback, built by
 * install-control-plane.sh. There is no kubelet and no scheduler: pods stay Pending unless a test says otherwise
 * (simulated nodes, real control plane).
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { KubeConfig } from '@kubernetes/client-node'
import getPort from 'get-port'

const HOME =
  process.env.FORESCALE_KUBERNETES ?? path.join(homedir(), '.cache', 'forescale', 'kubernetes')
/** Where a program built by the install scripts is. */
export const programOf = (name: string): string => path.join(HOME, 'bin', name)
const PARTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']
/** Whether it can be started here; it takes 40 minutes to build, so a machine may be without it. */
export const CONTROL_PLANE_HERE = PARTS.every((name) => existsSync(programOf(name)))

const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'horizontal-pod-autoscaler-controller',
  'garbage-collector-controller',
]
const READY_LIMIT_MS = 90_000
const LOG_SHOWN = 3000

export interface ControlPlaneOptions {
  /** Kubernetes' own is 0.1. */
  readonly hpaTolerance?: number
  /** Controllers beside those that scale. */
  readonly controllers?: readonly string[]
}

export interface TestControlPlane {
  /** Certificates, logs and data. */
  readonly dir: string
  /** Of the API server. */
  readonly url: string
  /** File by which an administrator connects. */
  readonly kubeconfig: string
  readonly config: KubeConfig
  /** Who signs the aggregator's certificate: what a metrics server must trust. */
  readonly frontProxyCa: string
  /** As the aggregator calls: certificate and key. */
  readonly frontProxyClient: { readonly cert: string; readonly key: string }
  /** As an administrator; rejects with what kubectl said. */
  kubectl(...args: readonly string[]): Promise<string>
  /** `kubectl apply` of YAML text. */
  apply(yaml: string, ...args: readonly string[]): Promise<string>
  /** The API server is killed; what it holds stays in etcd. */
  killApiServer(): Promise<void>
  startApiServer(): Promise<void>
  stop(): Promise<void>
}

const openssl = (cwd: string, ...args: string[]) =>
  execFileSync('openssl', args, { cwd, stdio: 'pipe' })

/** A certificate authority `name`.crt/.key. */
function authority(dir: string, name: string): void {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`]
  openssl(dir, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, ...files)
}

/** A client's certificate `name`.crt/.key, signed by `ca`. */
function clientOf(dir: string, ca: string, name: string, subject: string): void {
  const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject]
  openssl(dir, 'req', '-newkey', 'rsa:2048', '-nodes', ...request)
  const by = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial']
  openssl(dir, 'x509', '-req', '-days', '2', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`)
}

function makeCertificates(dir: string): void {
  authority(dir, 'ca')
  clientOf(dir, 'ca', 'admin', '/O=system:masters/CN=admin')
  authority(dir, 'front-proxy-ca')
  clientOf(dir, 'front-proxy-ca', 'front-proxy-client', '/CN=front-proxy-client')
  openssl(dir, 'genrsa', '-out', 'sa.key', '2048')
  openssl(dir, 'rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub')
}

async function writeKubeconfig(dir: string, server: string): Promise<string> {
  const base64 = async (name: string) => (await readFile(path.join(dir, name))).toString('base64')
  const file = path.join(dir, 'admin.kubeconfig')
  const user = {
    'client-certificate-data': await base64('admin.crt'),
    'client-key-data': await base64('admin.key'),
  }
  // the API server makes its own serving certificate, once it runs
  const cluster = { server, 'certificate-authority': path.join(dir, 'apiserver', 'apiserver.crt') }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }
  await writeFile(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

interface Ports {
  readonly etcd: number
  readonly peer: number
  readonly api: number
  readonly manager: number
}

const etcdArgs = (dir: string, { etcd, peer }: Ports): string[] => [
  `--data-dir=${dir}/etcd`,
  `--listen-client-urls=http://127.0.0.1:${etcd}`,
  `--advertise-client-urls=http://127.0.0.1:${etcd}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
  '--unsafe-no-fsync',
]

const apiServerArgs = (dir: string, { etcd, api }: Ports): string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${api}`,
  '--advertise-address=127.0.0.1',
  '--endpoint-reconciler-type=none',
  `--cert-dir=${dir}/apiserver`,
  `--client-ca-file=${dir}/ca.crt`,
  '--service-cluster-ip-range=10.0.0.0/24',
  '--authorization-mode=RBAC',
  '--allow-privileged=true',
  // no controller makes the default accounts here, and pods would wait for them
  '--disable-admission-plugins=ServiceAccount',
  `--service-account-issuer=https://127.0.0.1:${api}/`,
  `--service-account-key-file=${dir}/sa.pub`,
  `--service-account-signing-key-file=${dir}/sa.key`,
  `--requestheader-client-ca-file=${dir}/front-proxy-ca.crt`,
  '--requestheader-allowed-names=front-proxy-client',
  '--requestheader-username-headers=X-Remote-User',
  '--requestheader-group-headers=X-Remote-Group',
  '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  `--proxy-client-cert-file=${dir}/front-proxy-client.crt`,
  `--proxy-client-key-file=${dir}/front-proxy-client.key`,
]

const managerArgs = (
  dir: string,
  kubeconfig: string,
  { manager }: Ports,
  { hpaTolerance = 0.1, controllers = [] }: ControlPlaneOptions,
): string[] => [
  `--kubeconfig=${kubeconfig}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${manager}`,
  '--leader-elect=false',
  `--controllers=${[...CONTROLLERS, ...controllers].join(',')}`,
  '--horizontal-pod-autoscaler-sync-period=1s',
  '--horizontal-pod-autoscaler-downscale-stabilization=5s',
  `--horizontal-pod-autoscaler-tolerance=${hpaTolerance}`,
  `--service-account-private-key-file=${dir}/sa.key`,
]

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

export async function startControlPlane(
  options: ControlPlaneOptions = {},
): Promise<TestControlPlane> {
  const dir = await mkdtemp(path.join(tmpdir(), 'forescale-kubernetes-'))
  makeCertificates(dir)
  const port = () => getPort({ host: '127.0.0.1' })
  const ports: Ports = {
    etcd: await port(),
    peer: await port(),
    api: await port(),
    manager: await port(),
  }
  const url = `https://127.0.0.1:${ports.api}`
  const kubeconfig = await writeKubeconfig(dir, url)
  const running = new Map<string, ChildProcess>()

  function start(name: string, args: string[]): void {
    const child = spawn(programOf(name), args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const log = createWriteStream(path.join(dir, `${name}.log`), { flags: 'a' })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    running.set(name, child)
  }
  async function untilReady(): Promise<void> {
    const limit = Date.now() + READY_LIMIT_MS
    for (;;) {
      const answer = await kubectl('get', '--raw', '/readyz').catch((error: Error) => error.message)
      if (answer === 'ok') return
      if (Date.now() > limit || running.get('kube-apiserver')!.exitCode !== null) {
        const log = await readFile(path.join(dir, 'kube-apiserver.log'), 'utf8')
        throw new Error(`the API server is not ready: ${answer}\n${log.slice(-LOG_SHOWN)}`)
      }
      await sleep(250)
    }
  }
  const runKubectl = promisify(execFile)
  async function kubectl(...args: readonly string[]): Promise<string> {
    const all = [`--kubeconfig=${kubeconfig}`, ...args]
    const { stdout } = await runKubectl(programOf('kubectl'), all, { maxBuffer: 64 * 1024 * 1024 })
    return stdout
  }
  async function startApiServer(): Promise<void> {
    start('kube-apiserver', apiServerArgs(dir, ports))
    await untilReady()
  }
  async function stop(): Promise<void> {
    await end(running.get('kube-controller-manager'), 'SIGKILL')
    await end(running.get('kube-apiserver'), 'SIGKILL')
    await end(running.get('etcd'), 'SIGKILL')
    await rm(dir, { recursive: true, force: true })
  }
  try {
    start('etcd', etcdArgs(dir, ports))
    await startApiServer()
    start('kube-controller-manager', managerArgs(dir, kubeconfig, ports, options))
  } catch (error) {
    await stop()
    throw error
  }
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const at = (name: string) => path.join(dir, name)
  return {
    ...{ dir, url, kubeconfig, config, kubectl, startApiServer, stop },
    frontProxyCa: at('front-proxy-ca.crt'),
    frontProxyClient: { cert: at('front-proxy-client.crt'), key: at('front-proxy-client.key') },
    async apply(yaml, ...args) {
      const file = at(`apply-${Date.now()}-${Math.random()}.yaml`)
      await writeFile(file, yaml)
      return kubectl('apply', ...args, '-f', file)
    },
    killApiServer: () => end(running.get('kube-apiserver'), 'SIGKILL'),
  }
}
