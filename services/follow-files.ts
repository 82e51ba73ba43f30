/** Files that others replace: certificates that are rotated, mounted secrets. By looking, as mounts are links that move. */
import { readFileSync, statSync } from 'node:fs'

const LOOK_EVERY_MS = 5000

/** A file cannot be read. */
export class FileError extends Error {
  override name = 'FileError'
}

/** Throws a FileError that names the setting `field`. */
export function readSetting(file: string, field: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new FileError(`${field}: "${file}" cannot be read; allowed: a readable PEM file`, {
      cause,
    })
  }
}

/** Calls `onChange` after any of the files has changed, until the returned call. */
export function followFiles(
  files: readonly string[],
  onChange: () => void,
  everyMs = LOOK_EVERY_MS,
): () => void {
  const stamp = () => files.map(stampOf).join()
  let seen = stamp()
  const timer = setInterval(() => {
    const now = stamp()
    if (now === seen) return
    seen = now
    onChange()
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'none' : `${stat.mtimeMs}/${stat.size}/${stat.ino}`
}
