/** Writes the help of every command into docs/cli.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withHelp } from './reference.ts'

const PAGE = new URL('../../docs/cli.md', import.meta.url)

writeFileSync(PAGE, await withHelp(readFileSync(PAGE, 'utf8')))
