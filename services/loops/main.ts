/** The controller as a process: forecasts, agents, coordinator, API and dashboard. Started by `forescale up`. */

import { compose } from '../compose.ts'
import { loadConfigFile } from '../config-file.ts'
import { serve } from '../http/server.ts'
import { openFromCluster } from '../kubernetes/settings/follow.ts'
import { readPartEnvironment, runPart } from '../part.ts'
import { createInstruments } from '../telemetry/instruments.ts'

await runPart(async () => {
  const { configFile, stateDir, hostUrl, loadUrl } = readPartEnvironment(process.env)
  const fromFile = () => loadConfigFile(configFile, process.env)
  const instruments = createInstruments()
  const cluster = await openFromCluster(fromFile(), instruments)
  const reread = () => cluster?.over(fromFile()) ?? fromFile()
  const config = reread()
  const { controller, app, reload, close } = await compose({
    ...{ config, instruments },
    stateDir,
    reread,
    clusterSettings: cluster?.view,
    hostUrl,
    loadUrl,
    env: process.env,
  })
  const listening = await serve(app, config.http)
  await controller.start()
  cluster?.follow(controller, () => reload('kubernetes'))
  process.on('SIGHUP', () => void reload('SIGHUP').catch(() => {}))
  return {
    status() {
      const last = controller.lastTick()
      if (!last) return `${listening.url} · mode ${controller.mode()} · first tick to come`
      const { tick, spendPerHour, costBudgetPerHour, shadowPrice } = last
      const money = `${spendPerHour.toFixed(2)} of ${costBudgetPerHour.toFixed(2)} $/h`
      const price = shadowPrice > 0 ? ` · shadow price ${shadowPrice.toFixed(1)}` : ''
      return `${listening.url} · mode ${controller.paused() ? 'paused' : controller.mode()} · tick ${tick} · ${money}${price}`
    },
    async stop() {
      await listening.close()
      await cluster?.close()
      await close()
    },
  }
})
