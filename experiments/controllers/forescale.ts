/**
 * Forescale itself: the tick that runs live on observations made as live (forescale/loop.ts) of forecasts followed as live
 * (forescale/models.ts). Only the parts that touch the world are missing: store, ledger, actuator. All policies, all
 * guardrails, one budget over all services.
 */
import { z } from 'zod'
import { learnedActor } from '../../agents/policies/learned/act.ts'
import { type PolicyDocument, policyVersion } from '../../agents/policies/learned/document.ts'
import { type Forecast, LEVELS, quantileAt } from '../../forecaster/forecast.ts'
import {
  PolicyFileError,
  readPolicyFile,
  shippedPolicy,
} from '../../services/rollouts/policy-file.ts'
import type { Controller, ControllerKind, Foreseen, Known } from './controller.ts'
import { createLoop } from './forescale/loop.ts'
import type { Tapes } from './forescale/models.ts'
import { ForescaleParams, sweepParams } from './forescale/params.ts'

/** Runs that share `tapes` over the same load fit its models once. */
export function forescaleKind(tapes: Tapes): ControllerKind<ForescaleParams> {
  return {
    kind: 'forescale',
    source: 'this repository: coordinator/tick.ts, agents/, forecaster/',
    params: { parse: readParams },
    schema: ForescaleParams,
    sweep: sweepParams,
    seesFuture: ({ policy, forecast }) => policy !== 'reactive' && forecast !== 'model',
    create: (known, params) => createForescale(known, params, tapes),
  }
}

/** Throws a ZodError, for a policy that cannot be read too. */
function readParams(value: unknown): ForescaleParams {
  const params = ForescaleParams.parse(value)
  if (params.policy !== 'learned') return params
  try {
    // results are kept by their parameters: another policy in the same file is another one
    return { ...params, policyVersion: policyVersion(policyOf(params)) }
  } catch (error) {
    if (!(error instanceof PolicyFileError)) throw error
    const { message } = error
    const path = ['policyFile']
    throw new z.ZodError([{ code: 'custom', path, message, input: params.policyFile }])
  }
}

function policyOf({ policyFile }: ForescaleParams): PolicyDocument {
  return policyFile === undefined ? shippedPolicy() : readPolicyFile(policyFile)
}

function createForescale(known: Known, params: ForescaleParams, tapes: Tapes): Controller {
  const actor = params.policy === 'learned' ? learnedActor(policyOf(params)) : undefined
  const loop = createLoop(known, params, { tapes, actor })
  let shadowPrice = 0
  let decidedAtMs = known.startMs
  return {
    shadowPrice: () => shadowPrice,
    ...(params.policy === 'reactive'
      ? {}
      : {
          foreseen: (i: number) => {
            // what was asked for now serves a tick and a start-up later
            const leadMs = known.tickMs + known.services[i]!.spec.startupSeconds * 1000
            return foreseenFor(loop.forecastOf(i), decidedAtMs + leadMs)
          },
        }),
    decide(nowMs, scraped) {
      decidedAtMs = nowMs
      const output = loop.decide(loop.observe(nowMs, scraped))
      shadowPrice = output.shadowPrice
      return output.grants.map(({ to }) => to)
    },
  }
}

const [LOW, MEDIAN, HIGH] = [LEVELS.indexOf(0.05), LEVELS.indexOf(0.5), LEVELS.indexOf(0.95)]

function foreseenFor(forecast: Forecast | undefined, forMs: number): Foreseen | undefined {
  if (!forecast) return undefined
  const k = Math.floor((forMs - forecast.issuedAtMs) / forecast.stepMs)
  if (k < 0 || k >= forecast.point.length) return undefined
  const at = (level: number) => quantileAt(forecast, level, k)
  return { forMs, low: at(LOW), median: at(MEDIAN), high: at(HIGH) }
}
