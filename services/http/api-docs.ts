/** The API's documentation as Markdown, made from the OpenAPI document alone: what the routes say is what is written. */
import { type CurlExample, curlExamples } from './curl-examples.ts'

export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly required?: readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly pattern?: string
  readonly example?: unknown
}

export interface Media {
  readonly schema?: JsonSchema
  readonly example?: unknown
}

export interface Operation {
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly description?: string
    readonly example?: unknown
    readonly schema: JsonSchema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, Media>> }
    >
  >
}

export interface ApiDocument {
  readonly info: { readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

export interface NamedOperation {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

export function operationsOf(document: ApiDocument): NamedOperation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )
}

export function apiMarkdown(document: ApiDocument): string {
  const operations = operationsOf(document)
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  const examples = curlExamples(operations)
  const parts = [
    HEADER,
    document.info.description ?? '',
    SETUP,
    ...tags.flatMap((tag) => [
      `## ${title(tag)}`,
      ...operations
        .filter(({ operation }) => operation.tags.includes(tag))
        .map((row) =>
          operationText(
            row,
            examples.filter(({ name }) => name === `${row.method} ${row.path}`),
          ),
        ),
    ]),
    '## Schemas',
    'Fields marked * are always there.',
    ...Object.entries(document.components.schemas)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, schema]) => schemaText(name, schema)),
  ]
  return `${parts.join('\n\n')}\n`
}

const HEADER = `# HTTP API

<!-- Written by \`node services/http/generate-docs.ts\`; a test compares. Do not edit. -->`

const SETUP = `The examples run against any controller; the page at \`/docs\` shows the same and lets you try it.

\`\`\`
export FORESCALE=http://127.0.0.1:8080
export DECISION_ID=$(curl -sS "$FORESCALE/v1/decisions/latest" | sed -E 's/.*"id":"([^"]+)".*/\\1/')
export ALERT_ID=$(curl -sS "$FORESCALE/v1/alerts?limit=1" | sed -E 's/.*"id":"([^"]+)".*/\\1/')
export TICK=1 SPIKE_ID=spike-1
\`\`\``

function title(tag: string): string {
  return tag.charAt(0).toUpperCase() + tag.slice(1)
}

function operationText(
  { method, path, operation }: NamedOperation,
  examples: readonly CurlExample[],
): string {
  const { summary, description, parameters = [], requestBody, responses } = operation
  const parts = [`### ${method} ${path}`, `${summary}.${description ? ` ${description}` : ''}`]
  if (parameters.length > 0) {
    const rows = parameters.map((p) => [
      `\`${p.name}\`${p.required ? '*' : ''}`,
      p.in,
      constraints(p.schema),
      p.description ?? p.schema.description ?? '',
    ])
    parts.push(table(['parameter', 'in', 'type', 'meaning'], rows))
  }
  for (const [type, { schema }] of Object.entries(requestBody?.content ?? {})) {
    if (schema) parts.push(`Body (\`${type}\`): ${typeOf(schema)}`)
  }
  const answers = Object.entries(responses).map(([status, { description: text, content = {} }]) => {
    const types = Object.entries(content)
    const shown = types.map(([type, media]) =>
      type.endsWith('json') && media.schema ? typeOf(media.schema) : `\`${type}\``,
    )
    return [status, shown.join(', '), text]
  })
  parts.push(table(['answer', 'body', 'meaning'], answers))
  for (const { command } of examples) parts.push(`\`\`\`sh\n${command}\n\`\`\``)
  return parts.join('\n\n')
}

function schemaText(name: string, schema: JsonSchema): string {
  const parts = [`### ${name} schema`]
  if (schema.description) parts.push(schema.description)
  if (!schema.properties) {
    parts.push(`Type: ${constraints(schema)}`)
    return parts.join('\n\n')
  }
  const rows = Object.entries(schema.properties).map(([field, part]) => [
    `\`${field}\`${schema.required?.includes(field) ? '*' : ''}`,
    constraints(part),
    part.description ?? '',
  ])
  parts.push(rows.length === 0 ? 'No fields.' : table(['field', 'type', 'meaning'], rows))
  return parts.join('\n\n')
}

/** The type with its range and default. */
function constraints(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, pattern } = schema
  const shown = (value: number | undefined, sign: string) =>
    value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? [] : [`${sign} ${value}`]
  const limits = [
    ...shown(minimum, '≥'),
    ...shown(exclusiveMinimum, '>'),
    ...shown(maximum, '≤'),
    ...shown(exclusiveMaximum, '<'),
    ...(pattern === undefined ? [] : [`\`${pattern}\``]),
    ...(schema.default === undefined ? [] : [`default \`${JSON.stringify(schema.default)}\``]),
  ]
  return [typeOf(schema), ...limits].join(', ')
}

function typeOf(schema: JsonSchema): string {
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
    return `[${name}](#${name.toLowerCase()}-schema)`
  }
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  const branches = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (branches) return branches.map(typeOf).join(schema.allOf ? ' and ' : ' or ')
  if (schema.items) return `list of ${typeOf(schema.items)}${orNull(schema)}`
  if (schema.properties) return objectType(schema)
  if (typeof schema.additionalProperties === 'object') {
    return `map of ${typeOf(schema.additionalProperties)}`
  }
  return schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ')
}

function objectType({ properties = {} }: JsonSchema): string {
  const fields = Object.entries(properties).map(([name, part]) => `\`${name}\`: ${typeOf(part)}`)
  return fields.length === 0 ? 'empty object' : `{ ${fields.join(', ')} }`
}

function orNull({ type }: JsonSchema): string {
  return Array.isArray(type) && type.includes('null') ? ' or null' : ''
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
