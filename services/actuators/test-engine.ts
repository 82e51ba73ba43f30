/**
 * A real Docker Engine (Debian's docker.io) with a data folder and a socket of its own: no bridge, no firewall rules, file
 * system copied (vfs), so that it starts wherever root may mount. Where it cannot, `startEngine` says why.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const IMAGE = 'forescale-test:1'
const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'].find((file) => existsSync(file))

export interface RealEngine {
  readonly endpoint: string
  /** Starts a container as Compose would, of a service of project "shop", with a health check; ready after `startupSeconds`. */
  run(service: string, number: number, startupSeconds: number): string
  docker(...args: string[]): string
  stop(): Promise<void>
}

/** The engine, or the reason why there is none here. */
export async function startEngine(): Promise<RealEngine | string> {
  if (process.getuid?.() !== 0) return 'the engine needs root'
  if (spawnSync('dockerd', ['--version']).status !== 0) return 'dockerd is not installed'
  if (!BUSYBOX) return 'busybox-static is not installed'
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-dockerd-'))
  const endpoint = `unix://${path.join(folder, 'docker.sock')}`
  const child = spawn(
    'dockerd',
    [
      ...['--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec')],
      ...['-H', endpoint, '-p', path.join(folder, 'pid'), '--storage-driver', 'vfs'],
      ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const docker = (...args: string[]) =>
    execFileSync('docker', ['-H', endpoint, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
  const stop = async () => {
    child.kill()
    await ended
    spawnSync('sh', ['-c', 'grep -o " $0[^ ]*" /proc/mounts | sort -r | xargs -r umount', folder])
    rmSync(folder, { recursive: true, force: true })
  }
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    if (spawnSync('docker', ['-H', endpoint, 'version']).status === 0) {
      try {
        importImage(folder, endpoint)
        docker('run', '--rm', '--network', 'none', IMAGE, '/bin/busybox', 'true')
      } catch (error) {
        await stop()
        return `no container can be run here: ${error instanceof Error ? error.message : error}`
      }
      return { endpoint, docker, stop, run: runner(docker) }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await stop()
  return `dockerd does not start here: ${said.trim().split('\n').at(-1)}`
}

function importImage(folder: string, endpoint: string): void {
  mkdirSync(path.join(folder, 'image', 'bin'), { recursive: true })
  copyFileSync(BUSYBOX!, path.join(folder, 'image', 'bin', 'busybox'))
  // health checks are run by a shell
  symlinkSync('busybox', path.join(folder, 'image', 'bin', 'sh'))
  const tar = path.join(folder, 'image.tar')
  execFileSync('tar', ['-C', path.join(folder, 'image'), '-cf', tar, '.'])
  execFileSync('docker', ['-H', endpoint, 'import', '-', IMAGE], { input: readFileSync(tar) })
}

const runner =
  (docker: RealEngine['docker']): RealEngine['run'] =>
  (service, number, startupSeconds) =>
    docker(
      ...['run', '-d', '--network', 'none', '--name', `shop-${service}-${number}`],
      ...['--label', 'com.docker.compose.project=shop'],
      ...['--label', `com.docker.compose.service=${service}`],
      ...['--label', `com.docker.compose.container-number=${number}`],
      ...['--label', 'com.docker.compose.oneoff=False', '--env', 'LEVEL=info'],
      ...['--health-cmd', '/bin/busybox test -e /up', '--health-interval', '200ms'],
      IMAGE,
      ...['/bin/busybox', 'sh', '-c'],
      // as the first process it has to heed the signal itself
      `trap 'exit 0' TERM; /bin/busybox sleep ${startupSeconds}; /bin/busybox touch /up; while :; do /bin/busybox sleep 0.1; done`,
    )
