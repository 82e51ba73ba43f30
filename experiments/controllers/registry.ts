/** Every kind of controller, by name. A new one: its file, a line here, a row in the README. */
import { z } from 'zod'
import { oracle } from '../oracle/oracle.ts'
import { autopilot } from './autopilot.ts'
import { autothrottle } from './autothrottle.ts'
import { awsPredictive } from './aws-predictive.ts'
import type { Controller, ControllerKind, Known } from './controller.ts'
import { createTapes } from './forescale/models.ts'
import { forescaleKind } from './forescale.ts'
import { hpa } from './hpa.ts'
import { keda } from './keda.ts'
import { knative } from './knative.ts'
import { phpa } from './phpa.ts'
import { staticCount } from './static-count.ts'
import { thresholds } from './thresholds.ts'

/** A kind whose parameters are read where they are used, so that kinds of different parameters can stand in one list. */
export interface AnyControllerKind {
  readonly kind: string
  readonly source: string
  /** Of parameters. */
  readonly schema: z.ZodType
  /** Reads parameters, with defaults for what is absent. Throws a ZodError that names the field. */
  parse(params: unknown): unknown
  sweep(): readonly unknown[]
  seesFuture(params: unknown): boolean
  create(known: Known, params: unknown, random: () => number): Controller
}

function register<Params>(kind: ControllerKind<Params>): AnyControllerKind {
  return {
    kind: kind.kind,
    source: kind.source,
    schema: kind.schema ?? z.instanceof(z.ZodType).parse(kind.params),
    parse: (params) => kind.params.parse(params),
    sweep: () => kind.sweep(),
    seesFuture: (params) => kind.seesFuture?.(kind.params.parse(params)) ?? false,
    create: (known, params, random) => kind.create(known, kind.params.parse(params), random),
  }
}

export const CONTROLLERS = {
  forescale: register(forescaleKind(createTapes())),
  oracle: register(oracle),
  static: register(staticCount),
  thresholds: register(thresholds),
  hpa: register(hpa),
  knative: register(knative),
  keda: register(keda),
  phpa: register(phpa),
  'aws-predictive': register(awsPredictive),
  autothrottle: register(autothrottle),
  autopilot: register(autopilot),
} as const satisfies Record<string, AnyControllerKind>

export type ControllerName = keyof typeof CONTROLLERS

export const CONTROLLER_NAMES = Object.keys(CONTROLLERS) as readonly ControllerName[]

/** Throws when there is no such kind, naming those that there are. */
export function controllerOf(name: string): AnyControllerKind {
  const found: AnyControllerKind | undefined = Object.hasOwn(CONTROLLERS, name)
    ? CONTROLLERS[name as ControllerName]
    : undefined
  if (found === undefined) {
    const allowed = CONTROLLER_NAMES.join(', ')
    throw new Error(`controller "${name}" is not known; allowed are ${allowed}`)
  }
  return found
}
