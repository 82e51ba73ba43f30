/** Writes what is made from the configuration's schema: docs/schema/forescale.schema.json and the table of docs/config.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { withReference } from './config-reference.ts'
import { configJsonSchema } from './config-schema.ts'

const SCHEMA_FILE = new URL('../docs/schema/forescale.schema.json', import.meta.url)
const PAGE_FILE = new URL('../docs/config.md', import.meta.url)

writeFileSync(SCHEMA_FILE, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
writeFileSync(PAGE_FILE, withReference(readFileSync(PAGE_FILE, 'utf8')))
