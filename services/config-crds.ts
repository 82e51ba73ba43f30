/** The files of deploy/crds and the table of annotations, made from the schemas; `node services/config-write.ts` writes them. */
import { stringify } from 'yaml'
import { customResourceDefinitions } from './kubernetes/crds/definitions.ts'
import { allowedIn, ENABLED } from './kubernetes/settings/annotations.ts'
import { FIELDS } from './kubernetes/settings/fields.ts'

export const FIELDS_START = '<!-- annotations: made by services/config-write.ts -->'
export const FIELDS_END = '<!-- annotations end -->'

const HEADER = '# Made by `npm run docs` from services/kubernetes/crds; do not edit.\n'

/** Text by file name. */
export function crdFiles(): ReadonlyMap<string, string> {
  return new Map(
    customResourceDefinitions().map((definition) => [
      `${definition.spec.group}_${definition.spec.names.plural}.yaml`,
      // kubectl reads YAML 1.1, in which a bare off is a boolean
      HEADER + stringify(definition, { version: '1.1', aliasDuplicateObjects: false }),
    ]),
  )
}

const LIMIT = { free: '', 'at-most': 'at most', 'at-least': 'at least' } as const

/** Markdown: one row a setting that a tenant may say. */
export function annotationTable(): string {
  const rows = FIELDS.map((field) => {
    const allowed = allowedIn(field).replace('allowed: ', '').replaceAll('|', '\\|')
    return `| \`${field.annotation}\` | \`${field.path}\` | ${allowed} | ${LIMIT[field.rule]} | ${field.description} |`
  })
  return [
    '| annotation | in a ScalingPolicy | allowed | a limit is | |',
    '| --- | --- | --- | --- | --- |',
    `| \`${ENABLED}\` | | "true" or "false", also as a label | | Makes the workload a service; "false" turns one of the configuration off. |`,
    ...rows,
  ].join('\n')
}

export function withAnnotations(page: string): string {
  const start = page.indexOf(FIELDS_START)
  const end = page.indexOf(FIELDS_END)
  if (start < 0 || end < start) return page
  return `${page.slice(0, start)}${FIELDS_START}\n\n${annotationTable()}\n\n${page.slice(end)}`
}
