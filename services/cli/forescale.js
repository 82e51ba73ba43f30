#!/usr/bin/env node
/**
 * Starts the command line on a Node that runs TypeScript as it stands (22.18 or newer). An older Node hands over to
 * the one that npm installed beside the other packages; plain JavaScript, so that the old one can read it.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  const { main } = await import('./main.ts')
  process.exitCode = await main()
} else {
  handOver()
}

function handOver() {
  const node = pinnedNode()
  if (!node) {
    process.stderr.write(
      `forescale: Node ${process.versions.node} is too old, 22.18 or newer is needed; "npm ci" installs one beside the other packages\n`,
    )
    process.exitCode = 1
    return
  }
  // the extra channel is how the child notices that this process is gone, even after kill -9
  const child = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', MAIN, ...process.argv.slice(2)],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, FORESCALE_LAUNCHED: '1' },
    },
  )
  process.on('SIGINT', () => {}) // Ctrl-C reaches the child too; it says when to end
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`forescale: ${node} cannot be started: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
  })
}

/** The binary of the npm package `node`, wherever npm put it. */
function pinnedNode() {
  try {
    const home = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    const binary = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}
