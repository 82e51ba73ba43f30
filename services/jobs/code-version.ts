/**
 * Which code runs here. A result is that of the work that was asked for only where the code is the same, so whoever asks
 * says which one it means, and a worker with another leaves the job to others.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Folders whose code can change a result. */
const DECIDING = ['agents', 'coordinator', 'forecaster', 'datasets', 'experiments', 'services']
const NOT_DECIDING =
  /\.test\.ts$|^services\/(dashboard|cli|http|up|shop|alerts|gateway)\/|(^|\/)node_modules\//

let version: string | undefined

/** Of all code that can change a result, tests aside: the same for the same text. A process has the one it began with. */
export function codeVersion(): string {
  version ??= hashOfCode()
  return version
}

/** With what runs it: another engine or processor may round otherwise. */
export const workVersion = (): string =>
  `${codeVersion()}-v8.${process.versions.v8.split('.').slice(0, 2).join('.')}-${process.arch}`

function hashOfCode(): string {
  const files = DECIDING.flatMap((folder) => globSync(`${folder}/**/*.{ts,wasm}`, { cwd: ROOT }))
  const hash = createHash('sha256')
  for (const file of files.map((f) => f.replaceAll('\\', '/')).sort()) {
    if (NOT_DECIDING.test(file)) continue
    hash.update(`${file}\0`).update(readFileSync(path.join(ROOT, file)))
  }
  return hash.digest('hex').slice(0, 16)
}
