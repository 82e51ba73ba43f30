/** Actions on one service as replica counts, inside its bounds. */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { ActionKind } from './config.ts'
import { EnvironmentError } from './environment.ts'
import {
  box,
  contains,
  describeSpace,
  discrete,
  type Member,
  type Space,
  toJson,
} from './spaces.ts'

export interface ActionRule {
  readonly kind: ActionKind
  /** Discrete actions begin at 0, for libraries that know no other. */
  readonly fromZero: boolean
}

type Bounds = Pick<ServiceSpec, 'minReplicas' | 'maxReplicas'>

export function actionSpaceOf({ kind, fromZero }: ActionRule, spec: Bounds): Space {
  const { minReplicas, maxReplicas } = spec
  switch (kind) {
    case 'delta':
      return discrete(3, fromZero ? 0 : -1)
    case 'target':
      return discrete(maxReplicas - minReplicas + 1, fromZero ? 0 : minReplicas)
    case 'continuous':
      return box([{ name: 'target', low: -1, high: 1 }])
  }
}

/** The count that a member of the action space asks for; `requested` was asked for last. */
export function countOf(
  { kind, fromZero }: ActionRule,
  { minReplicas, maxReplicas }: Bounds,
  action: Member,
  requested: number,
): number {
  switch (kind) {
    case 'delta': {
      const change = (action as number) - (fromZero ? 1 : 0)
      return Math.min(Math.max(requested + change, minReplicas), maxReplicas)
    }
    case 'target':
      return (action as number) + (fromZero ? minReplicas : 0)
    case 'continuous': {
      const share = ((action as Float32Array)[0]! + 1) / 2
      return minReplicas + Math.round(share * (maxReplicas - minReplicas))
    }
  }
}

/** The action, if it is a member of `space`; else throws EnvironmentError. */
export function readAction(space: Space, action: unknown, field = 'action'): Member {
  if (contains(space, action)) return action
  const shown = ArrayBuffer.isView(action) ? toJson(action as Float32Array) : action
  throw new EnvironmentError(field, shown, describeSpace(space))
}
