/** The only place that knows which concrete parts are used: built as the configuration names them, closed in reverse. */
import type { Logger } from 'pino'
import { refuseExposure } from './access/exposure.ts'
import { initialReplicas, openActuator } from './actuators/registry.ts'
import { createWebhooks } from './alerts/webhooks.ts'
import { createAuditLog, takeOverSettings } from './audit/audit.ts'
import { createManualClock, systemClock } from './clock.ts'
import type { AppConfig } from './config.ts'
import { changedSettings, needRestart } from './config-restart.ts'
import { openKafkaIngest, openRelay } from './events/registry.ts'
import { type App, createApp, packageVersion } from './http/app.ts'
import { createDemoPort } from './http/demo-port.ts'
import { openLeases } from './kubernetes/leases/open.ts'
import { serveCluster } from './kubernetes/served.ts'
import type { SettingsView } from './kubernetes/settings/view.ts'
import { ofController } from './kubernetes/target/of-controller.ts'
import { openLed } from './leader/lead.ts'
import { openLedger } from './ledger/registry.ts'
import { type Controller, createController } from './loops/controller.ts'
import { openDoers } from './loops/doers.ts'
import { openShares } from './shards/shares.ts'
import { openStore } from './stores/registry.ts'
import { createInstruments, type Instruments, observed } from './telemetry/instruments.ts'
import { createLogger } from './telemetry/log.ts'
import { addSecretsOf } from './telemetry/secrets.ts'
import { startTracing } from './telemetry/tracing.ts'

export interface ComposeOptions {
  readonly config: AppConfig
  /** Folder of all state; config.stateDir made absolute by the caller. */
  readonly stateDir: string
  readonly reread: () => AppConfig
  /** What the cluster says of settings; absent: none are read. */
  readonly clusterSettings?: (() => SettingsView) | undefined
  /** Where the demo's parts listen; empty outside the demo. */
  readonly hostUrl: string
  readonly loadUrl: string
  readonly env: NodeJS.ProcessEnv
  /** Absent: its own. */
  readonly instruments?: Instruments
}

export interface Composed {
  readonly controller: Controller
  readonly app: App
  /** Reads the configuration again, which is in the audit log. */
  reload(actor: string): Promise<void>
  /** Finishes the tick in progress, then closes what was opened. */
  close(): Promise<void>
}

export async function compose({
  config,
  stateDir,
  reread,
  hostUrl,
  loadUrl,
  env,
  clusterSettings,
  instruments = createInstruments(),
}: ComposeOptions): Promise<Composed> {
  addSecretsOf(config, env)
  const log = createLogger('controller', { env })
  const tracing = await startTracing(env, packageVersion())
  const store = observed('store', await openStore(config, stateDir), instruments)
  const ledger = observed('ledger', await openLedger(config, stateDir, { env, log }), instruments)
  await refuseExposure(config.http, ledger, systemClock.nowMs())
  await takeOverSettings(ledger)
  const audit = createAuditLog(ledger, systemClock.nowMs)
  let running: Controller | undefined
  const inForce = (): AppConfig => running?.config() ?? config
  const doers = await openDoers(inForce, env, log, instruments)
  const target = await openActuator(config.actuator, {
    kubernetes: ofController({
      ...{ config, running: () => running, called: instruments.called },
      ...{ clock: systemClock, log },
    }),
    hostUrl,
    drainTimeoutMs: config.shop?.drainTimeoutMs ?? 0,
    initial: initialReplicas(config),
    warn: (service, problem) =>
      log.warn({ service, problem }, 'a target cannot be read or changed'),
  })
  const actuator = observed('actuator', target, instruments)
  const clock = config.clock === 'manual' ? createManualClock() : systemClock
  const relay = await openRelay({ config: inForce, ledger, env, log, told: instruments.told })
  const webhooks = createWebhooks({
    ...{ ledger, log, deliver: relay.deliver },
    secretOf: (url) => secretOf(inForce(), env, url),
  })
  const leadership = () => running?.leadership?.()
  const shares = await openShares({ stateDir, env, config: inForce, leadership })
  const shared = {
    ...{ clock, store, ledger, webhooks, stateDir, log, shares, leadership, ...doers },
    ...{ reread: () => told(reread(), config, inForce(), log), recorded: relay.kick },
  }
  const controller = await openLed({
    ...{ config, ledger, actuator, stateDir, clock, log },
    leases: await openLeases(config, ledger, systemClock, instruments.called),
    make: (actuator, lastSeen) =>
      createController({ ...shared, config: inForce(), actuator, lastSeen }),
  })
  running = controller
  const served = await serveCluster(controller, log, instruments.called)
  const demo =
    config.shop && createDemoPort({ loadUrl, stateDir, shop: () => controller.config().shop! })
  const app = createApp({
    ...{ control: served.control, store, ledger, demo, jobs: doers.jobs, clusterSettings, log },
    allowedHosts: config.http.allowedHosts,
    instruments,
    revision: env.FORESCALE_REVISION,
    traced: tracing && (await import('./http/spans.ts')).spanPerRequest(),
  })
  const kafka = await openKafkaIngest(config, env, {
    ingest: controller.ingest,
    knows: (service) => Object.hasOwn(inForce().services, service),
    refused: (reason, n) => instruments.refused('kafka', reason, n),
    log,
  })
  return {
    controller,
    app,
    async reload(actor) {
      await audit.append({ actor, action: 'config.reload', target: null, detail: {} })
      await controller.reloadConfig(actor)
    },
    async close() {
      app.closeStreams()
      await served.close()
      await kafka?.close()
      await controller.stop()
      await relay.close()
      await doers.close()
      await actuator.close()
      await shares?.close()
      await ledger.close()
      await store.close()
      await tracing?.close()
    },
  }
}

/** Says what a reload changes, and what it does not. */
function told(next: AppConfig, started: AppConfig, inForce: AppConfig, log: Logger): AppConfig {
  const settings = needRestart(started, next)
  log.info({ changed: changedSettings(inForce, next) }, 'the configuration was read again')
  if (settings.length > 0) log.warn({ settings }, 'changed, but they hold only after a restart')
  return next
}

/** Read when a message is sent; throws when it should be signed and cannot be. */
function secretOf({ alerts }: AppConfig, env: NodeJS.ProcessEnv, url: string): string | undefined {
  const name = alerts.webhooks.find((webhook) => webhook.url === url)?.secretEnv
  if (name === undefined) return undefined
  const secret = env[name]
  if (!secret) throw new Error(`the environment variable ${name} holds no secret to sign with`)
  return secret
}
