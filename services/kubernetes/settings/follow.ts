/** The cluster's say in a running controller's configuration; nothing of it is loaded where the configuration does not ask. */
import { systemClock } from '../../clock.ts'
import type { AppConfig } from '../../config.ts'
import type { Controller } from '../../loops/controller.ts'
import { createLogger } from '../../telemetry/log.ts'
import type { ClusterCalled } from '../api.ts'
import type { SettingsView } from './view.ts'

export interface FollowedCluster {
  /** The configuration `base` as the cluster has it now. */
  over(base: AppConfig): AppConfig
  view(): SettingsView
  /** What changes there is taken over by `reload` from now on; what the controller decides is told there. */
  follow(controller: Controller, reload: () => Promise<void>): void
  close(): Promise<void>
}

export async function openFromCluster(
  config: AppConfig,
  { called, env = process.env }: { called?: ClusterCalled; env?: NodeJS.ProcessEnv } = {},
): Promise<FollowedCluster | undefined> {
  if (!config.kubernetes?.settings) return undefined
  const { openClusterSettings } = await import('./open.ts')
  const log = createLogger('settings', { env })
  const settings = await openClusterSettings({
    ...{ config, nowMs: systemClock.nowMs, log },
    ...(called ? { called } : {}),
  })
  if (!settings) return undefined
  let unsubscribe: () => void = () => {}
  return {
    over: settings.over,
    view: settings.view,
    follow(controller, reload) {
      settings.start({
        reload,
        decisions: () => ({
          services: new Map(controller.services().map((one) => [one.service, one])),
          budget: controller.budget(),
          leads: controller.leadership?.().leads ?? true,
        }),
      })
      unsubscribe = controller.subscribe((event) => {
        if (event.kind === 'tick') settings.told()
      })
    },
    async close() {
      unsubscribe()
      await settings.close()
    },
  }
}
