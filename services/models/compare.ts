/**
 * Two versions side by side: from the moment at which both have learned and followed all they knew, their kept states go
 * over the recorded loads again and are scored from the same issue times.
 */
import { z } from 'zod'
import { dieboldMariano, LONG_RUN_VARIANCES } from '../../forecaster/accuracy/diebold-mariano.ts'
import {
  compareLosses,
  issue,
  overlapOf,
  planShadow,
  resolve,
  type Shadow,
  startShadow,
  wantsIssue,
} from '../../forecaster/accuracy/shadow.ts'
import { ServiceId } from '../../forecaster/series.ts'
import { Conflict } from '../control-plane.ts'
import { unpackState } from './artifact.ts'
import { lookAhead, step } from './contenders.ts'
import type { LifecycleDeps } from './lifecycle.ts'
import type { ModelVersion } from './model-version.ts'
import { mostStepsBehind, stepsBehind } from './restore.ts'

const MOST_SCORES = 200

const Side = z.strictObject({
  number: z.int().min(1),
  kind: z.string(),
  loss: z.number().nullable().meta({
    description: 'Mean pinball loss over all levels, requests/s; null without any issue time.',
  }),
})

const Test = z.strictObject({
  statistic: z.number().meta({ description: 'Above 0 when `a` loses more.' }),
  pValue: z.number().meta({ description: 'Two-sided: small says that they differ.' }),
  variance: z.enum(LONG_RUN_VARIANCES),
})

export const ModelComparison = z
  .strictObject({
    service: ServiceId,
    a: Side,
    b: Side,
    fromMs: z.number().meta({ description: 'Both stand here: the first issue time.' }),
    toMs: z.number(),
    horizonSteps: z.int().min(1),
    issueTimes: z.int().min(0).meta({ description: 'Common issue times whose loads have come.' }),
    scores: z
      .array(z.strictObject({ issuedAtMs: z.number(), a: z.number(), b: z.number() }))
      .meta({ description: `Losses by issue time, oldest first; the newest ${MOST_SCORES}.` }),
    test: Test.nullable().meta({
      description:
        'Diebold–Mariano by the periodogram, as contests are decided; null where nothing can be said.',
    }),
    textbookTest: Test.nullable().meta({
      description:
        'The same as Harvey, Leybourne & Newbold have it, for comparison with other tools.',
    }),
    better: z
      .enum(['a', 'b', 'neither'])
      .meta({ description: 'At the level forecast.lifecycle.alpha.' }),
  })
  .meta({ id: 'ModelComparison' })
export type ModelComparison = z.infer<typeof ModelComparison>

/** Throws Conflict when a state is not kept, or too far behind. */
export async function compareModels(
  deps: LifecycleDeps,
  a: ModelVersion,
  b: ModelVersion,
): Promise<ModelComparison> {
  const first = await keptState(deps, a)
  const second = await keptState(deps, b)
  const following = deps.book().following(a.service)
  const { config, stepMs } = following
  const fromMs = Math.max(first.standsAtMs, second.standsAtMs)
  const horizonSteps = Math.min(
    config.horizonSteps,
    first.state.band.horizonSteps,
    second.state.band.horizonSteps,
  )
  const shadow = startShadow(planShadow(horizonSteps, config.lifecycle))
  await deps.book().replay(
    a.service,
    Math.min(first.standsAtMs, second.standsAtMs),
    (load, endMs) => {
      const isCommon = endMs > fromMs
      if (isCommon && wantsIssue(shadow)) {
        const look = ({ state }: typeof first) =>
          lookAhead(state, endMs - stepMs, shadow.plan.horizonSteps, following)
        issue(shadow, look(first), look(second))
      }
      for (const one of [first, second])
        if (endMs > one.standsAtMs) one.state = step(one.state, load, endMs, following)
      if (isCommon) resolve(shadow, load)
    },
    () => {},
  )
  const toMs = fromMs + shadow.steps * stepMs
  const { alpha } = config.lifecycle
  return { ...reportOf(shadow, a, b, { fromMs, stepMs, alpha }), fromMs, toMs }
}

/** A version's kept state. Throws Conflict when it is gone, of another grid, or too far behind. */
export async function keptState(deps: LifecycleDeps, version: ModelVersion) {
  const artifact = await deps.ledger.artifact(version)
  const name = `version ${version.number} of ${version.service}`
  if (!artifact) throw new Conflict(`the state of ${name} is no longer kept`)
  if (version.stepMs !== deps.config().stepMs)
    throw new Conflict(`${name} is of steps of ${version.stepMs} ms, not ${deps.config().stepMs}`)
  const behind = stepsBehind(deps, artifact.standsAtMs)
  const most = mostStepsBehind(deps)
  if (behind > most)
    throw new Conflict(`${name} stands ${behind} steps behind; at most ${most} are caught up with`)
  return { standsAtMs: artifact.standsAtMs, state: unpackState(artifact) }
}

function reportOf(
  shadow: Shadow,
  a: ModelVersion,
  b: ModelVersion,
  { fromMs, stepMs, alpha }: { fromMs: number; stepMs: number; alpha: number },
): Omit<ModelComparison, 'fromMs' | 'toMs'> {
  const { championLosses, challengerLosses, issued, plan } = shadow
  const compared = compareLosses(championLosses, challengerLosses, overlapOf(plan))
  const differences = championLosses.map((loss, i) => loss - challengerLosses[i]!)
  const { test } = compared
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
  const side = ({ number, kind }: ModelVersion, loss: number) => ({
    number,
    kind,
    loss: known(loss),
  })
  const scores = issued.map((step, i) => ({
    issuedAtMs: fromMs + step * stepMs,
    a: championLosses[i]!,
    b: challengerLosses[i]!,
  }))
  return {
    service: a.service,
    a: side(a, compared.championLoss),
    b: side(b, compared.challengerLoss),
    horizonSteps: plan.horizonSteps,
    issueTimes: issued.length,
    scores: scores.slice(-MOST_SCORES),
    test: testView(test),
    textbookTest: testView(dieboldMariano(differences, overlapOf(plan))),
    better: !test || bothSides(test) > alpha ? 'neither' : test.statistic > 0 ? 'b' : 'a',
  }
}

type Tested = ReturnType<typeof dieboldMariano>

const bothSides = ({ pFirstBetter, pSecondBetter }: NonNullable<Tested>): number =>
  Math.min(1, 2 * Math.min(pFirstBetter, pSecondBetter))

function testView(test: Tested): ModelComparison['test'] {
  if (!test || !Number.isFinite(test.statistic)) return null
  return { statistic: test.statistic, pValue: bothSides(test), variance: test.variance }
}
