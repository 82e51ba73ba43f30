/** The name of this instance, the same in every run on its state folder: what an earlier run held is its own. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'

export function instanceName(stateDir: string): string {
  const file = path.join(stateDir, 'instance')
  try {
    const known = readFileSync(file, 'utf8').trim()
    if (known !== '') return known
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const name = `${hostname()}-${randomBytes(4).toString('hex')}`
  writeFileSync(file, `${name}\n`)
  return name
}
