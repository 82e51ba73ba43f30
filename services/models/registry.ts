/** The registry's rows: what is written of a fit, of a promotion and of a retirement. */
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { FitReport } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { NewModel, Standing } from '../ledger/models-ledger.ts'
import { packState } from './artifact.ts'
import type { Contender, Contenders } from './contenders.ts'
import { type Due, fitConfigHash } from './due.ts'
import type { ModelVersion } from './model-version.ts'

/** A fit that has just been made. */
export interface Fitted {
  readonly report: Pick<FitReport, 'state' | 'contest'>
  readonly config: ForecastConfig
  readonly seed: number
  readonly stepMs: number
  /** The history that it learned from: [fromMs, toMs). */
  readonly fromMs: number
  readonly toMs: number
  readonly due: Due
  readonly nowMs: number
}

/** By whom and why a standing changed. */
export interface Cause {
  readonly by: string
  readonly why: string
  readonly atMs: number
}

/** Standing that nobody has changed. */
export const NOBODY = {
  promotedAtMs: null,
  promotedBy: null,
  promotedWhy: null,
  retiredAtMs: null,
  retiredBy: null,
  retiredWhy: null,
} as const

export const promotedBy = ({ by, why, atMs }: Cause) =>
  ({
    ...NOBODY,
    status: 'champion',
    promotedAtMs: atMs,
    promotedBy: by,
    promotedWhy: why,
  }) as const

/** The row of a fit that has no standing yet. */
export function rowOf(service: ServiceId, fitted: Fitted): NewModel {
  const { report, config, seed, stepMs, fromMs, toMs, due, nowMs } = fitted
  const { model, quality } = report.state
  const { lifecycle: _, ...settings } = config
  return {
    service,
    metric: LOAD_METRIC,
    kind: model.kind,
    version: model.version,
    status: 'challenger',
    fittedAtMs: nowMs,
    fromMs,
    toMs,
    stepMs,
    steps: Math.round((toMs - fromMs) / stepMs),
    configHash: fitConfigHash(config, stepMs),
    config: JSON.parse(JSON.stringify(settings)),
    seed,
    quality,
    contest: report.contest.map(({ kind, scaledPinball, mase, note }) => ({
      kind,
      scaledPinball,
      mase,
      note,
    })),
    parent: null,
    ...due,
    contestFromMs: null,
    ...NOBODY,
  }
}

/** `standsAtMs`: end of the step that the contender stands at, when its state is to be kept as it is now. */
export function standing(
  { version, state }: Pick<Contender, 'version' | 'state'>,
  status: Standing['status'],
  cause: Cause,
  standsAtMs: number,
): Standing {
  const { service, metric, number } = version
  return { service, metric, number, status, ...cause, artifact: packState(state, standsAtMs) }
}

/** A version that is not in memory any more: its state stays as it was kept. */
export function retirement({ service, metric, number }: ModelVersion, cause: Cause): Standing {
  return { service, metric, number, status: 'retired', ...cause }
}

/** The versions at work and those of `recorded` (what the ledger holds for standing) that are not: all retire. */
export function retireAll(
  { champion, challenger }: Contenders,
  recorded: readonly ModelVersion[],
  cause: Cause,
  standsAtMs: number,
): Standing[] {
  const atWork = [champion, challenger].filter((one) => one !== undefined && one.version.number > 0)
  const known = new Set(atWork.map((one) => one!.version.number))
  return [
    ...atWork.map((one) => standing(one!, 'retired', cause, standsAtMs)),
    ...recorded.filter(({ number }) => !known.has(number)).map((row) => retirement(row, cause)),
  ]
}
