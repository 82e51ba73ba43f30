/**
 * Writes what is made from the configuration's schemas: docs/schema/forescale.schema.json, the tables of docs/config.md and
 * docs/kubernetes-settings.md, and the custom resources of deploy/crds.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { crdFiles, withAnnotations } from './config-crds.ts'
import { withReference } from './config-reference.ts'
import { configJsonSchema } from './config-schema.ts'

const SCHEMA_FILE = new URL('../docs/schema/forescale.schema.json', import.meta.url)
const PAGE_FILE = new URL('../docs/config.md', import.meta.url)
const SETTINGS_FILE = new URL('../docs/kubernetes-settings.md', import.meta.url)
const CRDS = new URL('../deploy/crds/', import.meta.url)

writeFileSync(SCHEMA_FILE, `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
writeFileSync(PAGE_FILE, withReference(readFileSync(PAGE_FILE, 'utf8')))
writeFileSync(SETTINGS_FILE, withAnnotations(readFileSync(SETTINGS_FILE, 'utf8')))
mkdirSync(CRDS, { recursive: true })
for (const [name, text] of crdFiles()) writeFileSync(new URL(name, CRDS), text)
