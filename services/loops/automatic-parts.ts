/** The automatic rollouts as part of the running controller. */
import { type Automatic, openAutomatic } from '../rollouts/automatic.ts'
import type { RolloutControl } from '../rollouts/control.ts'
import type { Rollouts } from '../rollouts/rollouts.ts'
import type { ControllerDeps, Core } from './core.ts'
import type { Settings } from './settings.ts'

/** `core` is asked for when something runs, not before. */
export function openAutomaticRollouts(
  { ledger, clock, log }: ControllerDeps,
  settings: Settings,
  { rollouts, rolloutControl }: { rollouts: Rollouts; rolloutControl: RolloutControl },
  core: () => Core,
): Promise<Automatic> {
  return openAutomatic({
    ledger,
    config: () => core().config.rollouts,
    services: () => Object.keys(core().config.services),
    isEnforced: (service) => settings.modeOf(service) === 'enforce',
    inForce: rollouts.strategies.inForce,
    running: rollouts.running,
    // by the manual clock a tick waits for it, so that it is its turn already
    start: (...given) =>
      clock.kind === 'manual'
        ? rolloutControl.start(...given)
        : core().inTurn(() => rolloutControl.start(...given)),
    nowMs: clock.nowMs,
    onError: (error, what) => log.error({ err: error }, what),
  })
}
