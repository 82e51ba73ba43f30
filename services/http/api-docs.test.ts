/** The documentation is true: it equals what the routes say, and every command in it does what it promises. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operationsOf } from './api-docs.ts'
import { curlExamples } from './curl-examples.ts'
import { API_DOCS, apiDocs, describeApi } from './generate-docs.ts'
import { startWhole, type Whole } from './test-whole.ts'

const TIMED_OUT = 28
const document = describeApi()
const operations = operationsOf(document)
const examples = curlExamples(operations)
const ajv = addFormats.default(new Ajv2020({ strict: false }))
ajv.addSchema(document, 'api')

describe('docs/api.md', () => {
  const committed = readFileSync(API_DOCS, 'utf8')

  it('equals what the generator writes (node services/http/generate-docs.ts)', () => {
    expect(committed).toBe(apiDocs())
  })

  it('has every route and every example', () => {
    for (const { method, path } of operations)
      expect(committed).toContain(`### ${method} ${path}\n`)
    const commands = [...committed.matchAll(/```sh\n([\s\S]*?)\n```/g)].map(([, text]) => text)
    expect(commands.sort()).toEqual(examples.map(({ command }) => command).sort())
  })

  it('links only to what is there', () => {
    const headings = [...committed.matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
      text!.toLowerCase().replaceAll(' ', '-'),
    )
    const links = [...committed.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor)
    expect(headings).toEqual(expect.arrayContaining([...new Set(links)]))
  })
})

describe('each curl example, against the real controller', () => {
  let whole: Whole
  const shown = new Map<string, string>()
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    whole = await startWhole()
    env = { ...process.env, FORESCALE: whole.url, TICK: '0', SPIKE_ID: whole.spikeId }
    const latest = await (await fetch(`${whole.url}/v1/ticks/latest`)).text()
    env.TICK = String(JSON.parse(latest).tick)
    const page = readFileSync(API_DOCS, 'utf8')
    for (const name of ['DECISION_ID', 'ALERT_ID']) {
      const setup = new RegExp(`^export ${name}=.*$`, 'm').exec(page)?.[0]
      const shown = promisify(execFile)('sh', ['-c', `${setup}; echo "$${name}"`], { env })
      env[name] = (await shown).stdout.trim()
    }
  }, 60_000)
  afterAll(() => whole.close())

  const run = (command: string) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const marked = command.replace('curl -sS ', "curl -sS -w '\\n%{http_code} %{content_type}' ")
      execFile(
        'sh',
        ['-c', marked],
        { env, cwd: whole.stateDir, maxBuffer: 1e8 },
        (error, output) => resolve({ code: Number(error?.code ?? 0), output }),
      )
    })

  it.each(examples)('$command', async ({ name, command, status }) => {
    const { code, output } = await run(command)
    shown.set(name, output)
    const end = output.lastIndexOf('\n')
    const [answered, ...type] = output.slice(end + 1).split(' ')
    const body = output.slice(0, end)
    expect(Number(answered), body.slice(0, 500)).toBe(status)
    expect(code).toBe(command.includes('--max-time') ? TIMED_OUT : 0)
    const [method = '', path = ''] = name.split(' ')
    const promised = document.paths[path]?.[method.toLowerCase()]?.responses[String(status)]
    const schema = promised?.content?.['application/json']?.schema
    if (!schema || command.includes(' -o ')) return
    expect(type.join(' ')).toContain('application/json')
    const pointer = [path, method.toLowerCase(), 'responses', String(status), 'content']
      .concat('application/json', 'schema')
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    const validate = ajv.compile({ $ref: `api#/paths/${pointer.join('/')}` })
    expect(validate(JSON.parse(body)), ajv.errorsText(validate.errors)).toBe(true)
  })

  it('shows live frames on the event stream', () => {
    expect(shown.get('GET /v1/events')).toMatch(/^id: \d+\nevent: status\ndata: \{/m)
  })
})
