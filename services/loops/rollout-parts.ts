/** Rollouts as part of the running controller: what they are told of it, and what they do between two ticks. */

import type { RolloutControl } from '../rollouts/control.ts'
import { createRolloutControl } from '../rollouts/make-control.ts'
import { createRollouts } from '../rollouts/rollouts.ts'
import type { Beside, ControllerDeps, Core } from './core.ts'
import { emit } from './core.ts'
import { leadTimeOf } from './observe.ts'
import type { Settings } from './settings.ts'

/** `core` is asked for when something runs, not before. */
export async function openRollouts(
  { config, ledger, clock, log }: ControllerDeps,
  settings: Settings,
  core: () => Core,
): Promise<Pick<Beside, 'rollouts' | 'rolloutControl'>> {
  const rollouts = createRollouts({
    ...{ ledger, settings },
    services: Object.keys(config.services),
    tickMs: () => core().config.tickMs,
    violationRatioOf: (service) =>
      core().parts.book.entries.get(service)?.violationRatio ?? Number.NaN,
    nowMs: clock.nowMs,
    emit(data) {
      const { number, stage, outcome } = data
      log.info({ number, stage, outcome, why: data.changes.at(-1)?.why }, 'rollout')
      emit(core(), { kind: 'rollout', data })
    },
    onError: (error, what) => log.error({ err: error }, what),
  })
  await rollouts.open()
  const rolloutControl = createRolloutControl({
    ...{ ledger, rollouts },
    standing: () => ({
      services: Object.keys(core().config.services),
      leadTicksOf: (service) => leadTicksOf(core(), service),
      nowMs: clock.nowMs(),
    }),
  })
  return { rollouts, rolloutControl }
}

/** As it was observed at the last tick, else as declared. */
function leadTicksOf({ config, last }: Core, service: string): number {
  const seen = last?.decided.input.services.find((row) => row.observation.service === service)
  const leadTimeMs =
    seen?.observation.leadTimeMs ?? leadTimeOf(config, config.services[service]!, undefined)
  return Math.ceil(leadTimeMs / config.tickMs)
}

/** What changes who acts does so between two ticks. */
export function rolloutsInTurn({ rolloutControl, inTurn }: Core): RolloutControl {
  return {
    ...rolloutControl,
    start: (...given) => inTurn(() => rolloutControl.start(...given)),
    advance: (...given) => inTurn(() => rolloutControl.advance(...given)),
    stop: (...given) => inTurn(() => rolloutControl.stop(...given)),
    rollback: (...given) => inTurn(() => rolloutControl.rollback(...given)),
  }
}
