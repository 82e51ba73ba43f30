/** `forescale scoreboard` against a real HTTP server: what was saved, and in words what was not. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { expect, it } from 'vitest'
import { runCli } from './main.ts'
import { startTestApi } from './test-api.ts'

it('says less and fewer of what was saved, more of what was not', async () => {
  const api = await startTestApi()
  let out = ''
  const code = await runCli(['scoreboard'], {
    stdout: {
      write: (text) => {
        out += text
      },
    },
    stderr: { write: () => undefined },
    env: { FORESCALE_URL: api.url },
    nowMs: () => 0,
  })
  await api.close()
  expect(code).toBe(0)
  expect(out).toMatch(/beside HPA: \$2\.70 less \(20\.6 %\), [\d.k]+ violations fewer/)
  expect(out).toMatch(/beside static thresholds: \$0\.50 more \(5\.1 %\), [\d.k]+ violations fewer/)
})
