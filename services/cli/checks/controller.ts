/** The controller as its API shows it; when none answers: whether its port is free for one. */
import { createServer } from 'node:net'
import { z } from 'zod'
import type { AppConfig } from '../../config.ts'
import { BudgetView, ServiceStatus } from '../../control-plane.ts'
import { ModeView } from '../../http/views.ts'
import { type Api, ApiProblem } from '../api.ts'
import type { Context } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { type Check, type CheckGroup, failed, passed, warned } from './local.ts'

const Readiness = z.object({
  checks: z.array(
    z.object({
      ...{ name: z.string(), ok: z.boolean(), detail: z.string() },
      degraded: z.boolean().default(false),
    }),
  ),
})
const Services = z.object({ items: z.array(ServiceStatus) })

export async function checkController(
  context: Context,
  config: AppConfig | undefined,
): Promise<CheckGroup> {
  const { api } = context
  const name = `controller at ${api.url}`
  try {
    await api.raw('GET', '/livez')
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return { name, checks: [await absent(context, config, error)] }
  }
  const checks: Check[] = [passed('controller answers')]
  checks.push(...(await readiness(context)), ...(await fleet(context)))
  return { name, checks }
}

async function absent(
  context: Context,
  config: AppConfig | undefined,
  error: CommandFailure,
): Promise<Check> {
  const other = error instanceof ApiProblem
  if (other)
    return failed(
      'controller answers',
      `something else answers: ${error.message}`,
      'choose another port: FORESCALE_PORT',
    )
  if (context.urlGiven) {
    return failed('controller answers', error.message, error.hint ?? '', EXIT.unreachable)
  }
  const url = new URL(context.api.url)
  const host = config?.http.host ?? url.hostname
  const port = Number(url.port || 80)
  const taken = await portFault(host, port)
  if (taken === undefined)
    return passed('port is free', `${host}:${port}; no controller is running`)
  return failed(
    'port is free',
    `${host}:${port}: ${taken}`,
    'choose another with http.port or FORESCALE_PORT',
  )
}

/** Undefined when one may listen there. */
function portFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

async function readiness({ api }: Context): Promise<Check[]> {
  const parsed = Readiness.safeParse(await ready(api))
  if (!parsed.success) {
    return [
      failed('controller is ready', 'GET /readyz is not understood', 'is it of another version?'),
    ]
  }
  return parsed.data.checks.map(({ name, ok, degraded, detail }) => {
    if (!ok) return failed(name, detail, 'see the log of the controller')
    return degraded
      ? warned(name, detail, 'it works without; see the log of the controller')
      : passed(name, detail)
  })
}

/** 503 carries the same document as 200. */
async function ready(api: Api): Promise<unknown> {
  try {
    return await api.raw('GET', '/readyz?verbose=true')
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 503) return error.answer
    throw error
  }
}

async function fleet({ api }: Context): Promise<Check[]> {
  const [{ items }, { paused, mode }, budget] = await Promise.all([
    api.get('/v1/services', Services),
    api.get('/v1/mode', ModeView),
    api.get('/v1/budget', BudgetView),
  ])
  const named = (services: readonly ServiceStatus[]) => services.map((s) => s.service).join(', ')
  const stale = items.filter((s) => s.freshness !== 'fresh')
  const blind = items.filter((s) => s.fallback)
  return [
    stale.length === 0
      ? passed('load is measured', `${items.length} services`)
      : warned(
          'load is measured',
          `old or missing for ${named(stale)}`,
          'are samples coming? see POST /v1/samples',
        ),
    blind.length === 0
      ? passed('forecasts are fresh')
      : warned(
          'forecasts are fresh',
          `none for ${named(blind)}`,
          'a forecast needs two seasons of samples; the reactive rule acts until then',
        ),
    paused
      ? warned('changes are allowed', 'paused', 'forescale resume')
      : passed('changes are allowed', `mode ${mode}`),
    budget.feasible
      ? passed('budget pays for all minimums')
      : warned(
          'budget pays for all minimums',
          'it does not',
          'raise it: forescale budget <dollars-per-hour>',
        ),
  ]
}
