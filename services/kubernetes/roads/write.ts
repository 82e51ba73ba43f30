/** Writes what deploy/kubernetes ships of the roads (files.ts); run by `npm run docs`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { roadFiles } from './files.ts'

const FOLDER = fileURLToPath(new URL('../../../deploy/kubernetes/', import.meta.url))
for (const [name, text] of roadFiles()) {
  mkdirSync(path.dirname(path.join(FOLDER, name)), { recursive: true })
  writeFileSync(path.join(FOLDER, name), text)
}
