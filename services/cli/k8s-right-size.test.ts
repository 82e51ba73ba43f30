/** `forescale k8s right-size` of a controller, as a person runs it: table, patch, JSON, and how it ends. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { resourceAdvice } from '../http/examples-kubernetes.ts'
import { sumLines } from './commands/resource-lines.ts'
import { runCli } from './main.ts'
import { startTestApi, type TestApi } from './test-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

async function run(...argv: string[]) {
  const said = { out: [] as string[], err: [] as string[] }
  const code = await runCli(['k8s', 'right-size', ...argv], {
    stdout: { write: (text: string) => said.out.push(text) },
    stderr: { write: (text: string) => said.err.push(text) },
    ...{ env: { FORESCALE_URL: api.url }, nowMs: () => 0 },
  })
  return { code, out: said.out.join(''), err: said.err.join('') }
}

it('of one service prints what it rests on, what to know before, and the patch', async () => {
  const { code, out } = await run('search')
  expect(code).toBe(0)
  expect(out).toMatch(/^shop\/Deployment\/web: web: CPU 183m instead of 500m, too much/)
  expect(out).toMatch(/web +cpu +500m +121m +183m +246m/)
  expect(out).toMatch(/web +memory +512Mi +298Mi +330Mi +377Mi/)
  expect(out).toContain('web: 8 days of history')
  expect(out).toContain('hpa-utilization: HPA web scales by cpu')
  expect(out).toContain('kubectl -n shop patch deployments web')
})

it('of all asks for each that the controller lists, without their patches', async () => {
  const { code, out } = await run()
  expect(code).toBe(0)
  expect(out).toContain('shop/Deployment/web')
  expect(out).not.toContain('apiVersion')
})

it('pipes the patch alone, and JSON as the API gives it', async () => {
  const { out } = await run('search', '--patch')
  expect(parse(out)).toEqual(parse(resourceAdvice.yaml!))
  expect(JSON.parse((await run('search', '--json')).out)).toEqual(resourceAdvice)
  expect(JSON.parse((await run('--json')).out)).toEqual([resourceAdvice])
})

it.each([
  ['a service without a workload', ['payment'], 6, 'kubernetes.workloads'],
  ['a service that there is not', ['nothing'], 1, 'there is no service'],
  [
    'a server that does not answer',
    ['web', '-n', 'shop', '--server', 'http://127.0.0.1:9'],
    4,
    '127.0.0.1:9',
  ],
  ['a workload without a namespace', ['web', '--server', 'http://127.0.0.1:9'], 2, 'namespace'],
  [
    'a step that is too long',
    ['web', '-n', 'shop', '--server', 'http://127.0.0.1:9', '--step', '2h'],
    2,
    'stepMs',
  ],
])('ends with its own code for %s', async (_what, argv, code, message) => {
  const ended = await run(...argv)
  expect({ code: ended.code, err: ended.err }).toEqual({
    code,
    err: expect.stringContaining(message),
  })
})

it('sums up what is known of several', () => {
  const saving = (savingPerHour: number | null) => ({ ...resourceAdvice, savingPerHour })
  expect(sumLines([saving(0.5), saving(null), saving(-0.2)])).toEqual([
    'all together $0.300/h less; nothing is changed',
  ])
  expect(sumLines([saving(-0.5), saving(0.2)])[0]).toContain('$0.300/h more')
  expect(sumLines([saving(0.5), saving(null)])).toEqual([])
})
