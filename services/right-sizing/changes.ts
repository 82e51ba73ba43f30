/**
 * Changes of tier as they are carried out, step by step, one a tick: what is ordered is in the ledger before it is ordered, and
 * an order that is given again changes nothing.
 */
import { type Beside, replicasBeside, stepOf } from '../../coordinator/meta/replacement.ts'
import { openStanding } from '../../coordinator/meta/tier-switch.ts'
import { offersFor, type TierOffer } from '../../coordinator/meta/tiers.ts'
import type { ServiceInput } from '../../coordinator/tick-input.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { type Actuator, canResize, type ResizingActuator } from '../actuators/actuator.ts'
import type { AppConfig } from '../config.ts'
import type { TickResult } from '../loops/control-loop.ts'
import type { Settings } from '../loops/settings.ts'
import type { Choice } from './choice.ts'
import type { Kept } from './state.ts'

export interface ChangesDeps {
  readonly actuator: Actuator
  readonly config: () => Pick<AppConfig, 'services' | 'tiers' | 'rightSizing'>
  readonly settings: Pick<Settings, 'put'>
  readonly kept: Map<ServiceId, Kept>
  /** Writes what is kept. */
  readonly keep: (atMs: number) => Promise<void>
  /** What the controller knows of the service is of the new tier from now on. */
  readonly onTakeOver: (service: ServiceId, from: TierOffer, to: TierOffer) => void
}

export interface Changes {
  /** $/hour of the service's change under way; 0: none. */
  costOf(input: ServiceInput): number
  /** The next step of a change under way; says what ended it, undefined while it goes on. */
  follow(choice: Choice, result: TickResult): Promise<Kept['lastChange'] | undefined>
  /** Begins a change that `room` $/hour of the budget carry beside all that was granted; the $/hour that it takes. */
  begin(choice: Choice, tier: string, room: number, nowMs: number): Promise<number>
}

export function createChanges(deps: ChangesDeps): Changes {
  const { actuator, config, kept, keep } = deps
  return {
    costOf({ observation: { service }, mode }) {
      const replacement = kept.get(service)?.replacement
      if (!replacement || mode !== 'enforce' || !canResize(actuator)) return 0
      const offers = offersFor(config().services[service]!, config().tiers)
      const to = offers.find(({ name }) => name === replacement.to)
      return to ? replacement.replicas * to.pricePerReplicaHour : 0
    },
    async follow(choice, result) {
      const state = kept.get(choice.service)!
      const to = choice.offers.find(({ name }) => name === state.replacement?.to)
      const replicas = result.replicas.get(choice.service)
      if (!canResize(actuator) || !to || !replicas) return undefined
      return takeStep(deps, actuator, { choice, result, state, to, replicas })
    },
    async begin({ service, offers, current, input }, tier, room, nowMs) {
      const to = offers.find(({ name }) => name === tier)!
      const replicas = replicasBeside({ ...input.observation.replicas, from: offers[current]!, to })
      const cost = replicas * to.pricePerReplicaHour
      if (cost > room || replicas > to.maxReplicas) return 0
      const replacement = { to: tier, beganMs: nowMs, replicas }
      kept.set(service, { ...kept.get(service)!, replacement })
      await keep(nowMs)
      return cost
    },
  }
}

interface Step {
  readonly choice: Choice
  readonly result: TickResult
  readonly state: Kept
  readonly to: TierOffer
  readonly replicas: { readonly ready: number; readonly beside?: Beside }
}

async function takeStep(
  deps: ChangesDeps,
  actuator: ResizingActuator,
  { choice, result, state, to, replicas }: Step,
): Promise<Kept['lastChange'] | undefined> {
  const { kept, keep, config } = deps
  const { service, offers, current } = choice
  const { input, output } = result.decided
  const { atMs } = input
  const grant = output.grants[input.services.indexOf(choice.input)]!
  const from = offers[current]!
  const replacement = state.replacement!
  const step = stepOf({
    ...{ replacement, from, to, requested: grant.to, ready: replicas.ready },
    beside: replicas.beside,
    isPaid: grant.replacementPaid !== false,
    nowMs: atMs,
    mostMs: config().rightSizing.giveUpSeconds * 1000,
  })
  const order = { service, tier: to.name }
  if (step.kind === 'prepare') {
    kept.set(service, { ...state, replacement: { ...replacement, replicas: step.replicas } })
    await keep(atMs)
    await actuator.prepare({ ...order, replicas: step.replicas })
    return undefined
  }
  const outcome = step.kind === 'take-over' ? 'taken over' : `given up: ${step.why}`
  const lastChange = { atMs, from: from.name, to: to.name, outcome }
  const standing = openStanding(step.kind === 'take-over' ? to.name : from.name, atMs)
  kept.set(service, { standing, replacement: null, lastChange })
  await keep(atMs)
  if (step.kind === 'give-up') {
    await actuator.prepare({ ...order, replicas: 0 })
    return lastChange
  }
  await deps.settings.put(`tier/${service}`, to.name, 'right-sizing', atMs)
  await actuator.takeOver({ ...order, replicas: step.replicas })
  deps.onTakeOver(service, from, to)
  return lastChange
}
