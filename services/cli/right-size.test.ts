/** `forescale right-size` against a real HTTP server: which tier, why, and the lines to copy. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { startTestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

async function run(...args: string[]) {
  const api = await startTestApi()
  const ran = await runCommand(['right-size', ...args], { env: { FORESCALE_URL: api.url } })
  await api.close()
  return ran
}

it('says which tier would cost least, beside the others, and what is waited for', async () => {
  const { code, out } = await run()
  expect(code).toBe(0)
  expect(out).toMatch(/search: small would cost 0\.31 \$\/h instead of 0\.48 over the next 7 days/)
  expect(out).toMatch(/small \(recommended\) +2\/7\/11\/11 +0\.310/)
  expect(out).toMatch(/large \(now\) +1\/2\/3\/3 +0\.480/)
  expect(out).toMatch(/0\.19\/0\.26/)
  expect(out).toMatch(/\$0\.17\/h less; nothing is changed/)
})

it('of one service prints lines that the configuration takes', async () => {
  const { out } = await run('search')
  expect(parse(out.slice(out.indexOf('services:'), out.indexOf('all together')))).toEqual({
    services: {
      search: { tier: 'small', capacityPerReplica: 12.5, minReplicas: 1, maxReplicas: 40 },
    },
  })
})
