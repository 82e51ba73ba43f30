/** Writes docs/experiments-config.md's tables and docs/schema/experiment.schema.json from the schemas that read experiments. */
import { readFileSync, writeFileSync } from 'node:fs'
import { experimentJsonSchema, withReference } from './config-reference.ts'

const PAGE_FILE = new URL('../../docs/experiments-config.md', import.meta.url)
const SCHEMA_FILE = new URL('../../docs/schema/experiment.schema.json', import.meta.url)

writeFileSync(PAGE_FILE, withReference(readFileSync(PAGE_FILE, 'utf8')))
writeFileSync(SCHEMA_FILE, `${JSON.stringify(experimentJsonSchema(), null, 2)}\n`)
