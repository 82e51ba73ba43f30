/** The Python that peers run in: installed from PyPI when it is not there, which takes a quarter of a minute once. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const INSTALL = fileURLToPath(new URL('../../environments/python/install.sh', import.meta.url))
const INSTALL_MS = 300_000

/** An interpreter with gymnasium and pettingzoo; undefined, with the reason on stderr, where it cannot be had. */
export function peersPython(): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'inherit'] as const
    return execFileSync('sh', [INSTALL], { stdio: [...stdio], timeout: INSTALL_MS })
      .toString()
      .trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.stderr.write(`figures beside Python are left out: ${reason}\n`)
    return undefined
  }
}
