/** The HTTP surface put together: guards first, then the routes by topic, and one form for every error. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Logger } from 'pino'
import { z } from 'zod'
import { systemClock } from '../clock.ts'
import type { ControlPlane } from '../control-plane.ts'
import { type JobControl, type JobQueue, NO_JOBS } from '../jobs/job-queue.ts'
import { createAdvisor } from '../kubernetes/resources/advisor.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { Instruments } from '../telemetry/instruments.ts'
import { createMetricsPage } from '../telemetry/metrics.ts'
import { alertRoutes } from './alerts.ts'
import { auditRoutes } from './audit.ts'
import { budgetRoutes } from './budget.ts'
import { configurationRoutes } from './configuration.ts'
import { covariateRoutes } from './covariates.ts'
import { dashboardRoutes } from './dashboard.ts'
import { decisionRoutes } from './decisions.ts'
import { declaredPaths } from './declared-paths.ts'
import { demoRoutes } from './demo.ts'
import type { DemoPort } from './demo-port.ts'
import { docsRoutes } from './docs.ts'
import { type Door, guardRoutes } from './door.ts'
import { createEventHub } from './event-hub.ts'
import { eventRoutes } from './events.ts'
import { explanationRoutes } from './explanations.ts'
import { familiarRoutes } from './familiar.ts'
import { fieldErrors } from './field-errors.ts'
import { forecastRoutes } from './forecasts.ts'
import { bodyGuard, freshAnswers, hostGuard, originGuard, safeHeaders } from './guards.ts'
import { healthRoutes } from './health.ts'
import { jobRoutes } from './jobs.ts'
import { keyRoutes } from './keys.ts'
import { kubernetesSettingsRoutes } from './kubernetes-settings.ts'
import { measured } from './measured.ts'
import { metricsRoutes } from './metrics.ts'
import { modelRoutes } from './models.ts'
import { modeRoutes } from './modes.ts'
import { openDoor } from './open-door.ts'
import { outcomeRoutes } from './outcomes.ts'
import { outlookRoutes } from './outlook.ts'
import {
  asProblem,
  invalidRequest,
  methodNotAllowed,
  ProblemError,
  problemResponse,
} from './problem.ts'
import { remoteWriteRoutes } from './remote-write.ts'
import { resourceRoutes } from './resources.ts'
import { rightSizingRoutes } from './right-sizing.ts'
import { rolloutRoutes } from './rollouts.ts'
import type { RouteDeps } from './route.ts'
import { sampleRoutes } from './samples.ts'
import { scoreboardRoutes } from './scoreboard.ts'
import { seriesRoutes } from './series.ts'
import { serviceRoutes } from './services.ts'
import { sessionRoutes } from './session.ts'
import { signalRoutes } from './signals.ts'
import { tickRoutes } from './ticks.ts'
import { trainingRoutes } from './trainings.ts'

const DASHBOARD = fileURLToPath(new URL('../dashboard/dist', import.meta.url))
const PACKAGE = new URL('../../package.json', import.meta.url)

export interface AppDeps {
  readonly control: ControlPlane
  readonly store: SampleStore
  readonly ledger: Ledger
  readonly demo?: DemoPort | undefined
  /** None when absent. A whole queue's figures stand on the metrics page. */
  readonly jobs?: (JobControl & Partial<Pick<JobQueue, 'kind' | 'counts'>>) | undefined
  /** What the cluster says of settings. */
  readonly clusterSettings?: RouteDeps['clusterSettings']
  /** Requests of CPU and memory; by the configuration when absent. */
  readonly resources?: RouteDeps['resources'] | undefined
  /** The dashboard's built files; services/dashboard/dist when absent. */
  readonly dashboardDir?: string | undefined
  /** Host names that are served beside loopback and `http.host`. */
  readonly allowedHosts?: readonly string[] | undefined
  readonly log?: Logger | undefined
  readonly heartbeatMs?: number | undefined
  /** Counts and times what is answered; absent: nothing is. */
  readonly instruments?: Instruments | undefined
  /** The commit that runs here, for `forescale_build_info`. */
  readonly revision?: string | undefined
  /** Makes a span of every request (spans.ts). */
  readonly traced?: MiddlewareHandler | undefined
}

/** The client hung up while its body was being read: nobody hears the answer, and it is no failure of ours. */
const isGone = (error: unknown): boolean =>
  error instanceof Error &&
  error.message === 'aborted' &&
  Reflect.get(error, 'code') === 'ECONNRESET'

export type App = OpenAPIHono & {
  /** Ends all event streams and stops listening to the controller. */
  closeStreams(): void
}

export function packageVersion(): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, 'utf8'))).version
}

export function createApp(deps: AppDeps): App {
  const { control, store, ledger, demo, log, jobs = NO_JOBS } = deps
  const events = createEventHub(
    control,
    deps.heartbeatMs === undefined ? {} : { heartbeatMs: deps.heartbeatMs },
  )
  const { clusterSettings } = deps
  const resources =
    deps.resources ?? createAdvisor({ config: control.config, nowMs: systemClock.nowMs })
  const routeDeps: RouteDeps = {
    ...{ control, store, ledger, demo, jobs, events, clusterSettings, resources },
    refusedSamples: new Map(),
  }
  const version = packageVersion()
  const metrics = createMetricsPage({
    control,
    version,
    store,
    ledger,
    refusedSamples: routeDeps.refusedSamples,
    streams: events,
    instruments: deps.instruments,
    jobs: deps.jobs,
    revision: deps.revision,
  })
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      throw invalidRequest(fieldErrors(result.error.issues, Reflect.get(result, 'data')))
    },
  })
  app.onError((error, c) => {
    const problem = asProblem(error)
    if (problem) return problemResponse(c, problem)
    if (isGone(error)) return new Response(null, { status: 400 })
    log?.error({ err: error, path: c.req.path }, 'request failed')
    return problemResponse(c, new ProblemError('internal', 'the log says why'))
  })
  const declared = declaredPaths(app)
  app.notFound((c) => {
    const methods = declared.methodsOf(c.req.path)
    if (methods) return problemResponse(c, methodNotAllowed(c, methods))
    return problemResponse(c, new ProblemError('not-found', `there is nothing at ${c.req.path}`))
  })

  if (deps.traced) app.use(deps.traced)
  if (deps.instruments) app.use(measured(deps.instruments))
  app.use(safeHeaders, freshAnswers)
  app.use(hostGuard(control.config().http.host, deps.allowedHosts ?? []))
  const { corsOrigins } = control.config().http
  if (corsOrigins.length > 0) app.use(cors({ origin: [...corsOrigins], maxAge: 600 }))
  app.use(originGuard(corsOrigins))
  app.use(bodyGuard)

  const door = openDoor(deps)
  guardRoutes(app, door, declared)
  metricsRoutes(app, metrics)
  docsRoutes(app, packageVersion())
  registerRoutes(app, routeDeps, door)
  dashboardRoutes(app, deps.dashboardDir ?? DASHBOARD)
  return Object.assign(app, { closeStreams: events.close })
}

/** All of them pass the door; which is why they come after it. */
function registerRoutes(app: OpenAPIHono, routeDeps: RouteDeps, door: Door): void {
  healthRoutes(app, routeDeps)
  serviceRoutes(app, routeDeps)
  seriesRoutes(app, routeDeps)
  forecastRoutes(app, routeDeps)
  signalRoutes(app, routeDeps)
  explanationRoutes(app, routeDeps)
  decisionRoutes(app, routeDeps)
  tickRoutes(app, routeDeps)
  budgetRoutes(app, routeDeps)
  modeRoutes(app, routeDeps)
  sampleRoutes(app, routeDeps)
  remoteWriteRoutes(app, routeDeps)
  modelRoutes(app, routeDeps)
  rolloutRoutes(app, routeDeps)
  trainingRoutes(app, routeDeps)
  jobRoutes(app, routeDeps)
  outcomeRoutes(app, routeDeps)
  alertRoutes(app, routeDeps)
  outlookRoutes(app, routeDeps)
  scoreboardRoutes(app, routeDeps)
  rightSizingRoutes(app, routeDeps)
  resourceRoutes(app, routeDeps)
  covariateRoutes(app, routeDeps)
  demoRoutes(app, routeDeps)
  configurationRoutes(app, routeDeps)
  kubernetesSettingsRoutes(app, routeDeps)
  sessionRoutes(app, door)
  keyRoutes(app, door.access.keys, systemClock.nowMs)
  auditRoutes(app, routeDeps.ledger)
  eventRoutes(app, routeDeps)
  familiarRoutes(app, routeDeps)
}
