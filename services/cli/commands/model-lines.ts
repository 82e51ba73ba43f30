/** A version of a model, and a comparison of two, as a person reads them. */
import type { ModelComparison } from '../../models/compare.ts'
import type { ModelVersion } from '../../models/model-version.ts'
import { figure, fromNow, percent, span, table, timeOfDay } from '../format.ts'

const score = (value: number | null): string => (value === null ? '–' : value.toFixed(4))

export function versionLines(model: ModelVersion, nowMs: number): string[] {
  const { quality, contest } = model
  return [
    `${model.service} version ${model.number}: ${model.kind}, ${model.status}`,
    `fitted     ${fromNow(model.fittedAtMs, nowMs)} (${timeOfDay(model.fittedAtMs)}), reason ${model.reason}${model.detail && `: ${model.detail}`}`,
    `learned    ${model.steps} steps of ${span(model.stepMs)}, ${timeOfDay(model.fromMs)} to ${timeOfDay(model.toMs)}`,
    `parent     ${model.parent === null ? 'none' : `version ${model.parent}`}`,
    `backtest   loss ${score(quality.scaledPinball)}, MASE ${quality.mase === null ? '–' : figure(quality.mase)}, ${percent(quality.coverage90)} inside the 90 % interval, ${quality.origins} origins`,
    ...standingLine('promoted', model.promotedAtMs, model.promotedBy, model.promotedWhy),
    ...standingLine('retired ', model.retiredAtMs, model.retiredBy, model.retiredWhy),
    `state      ${model.hasArtifact ? 'kept: it can be compared, exported and rolled back to' : 'no longer kept'}`,
    `hashes     learned ${model.version}, settings ${model.configHash}, seed ${model.seed}`,
    '',
    ...table(
      [
        { title: 'COMPETED', text: (row) => row.kind },
        { title: 'LOSS', right: true, text: (row) => score(row.scaledPinball) },
        { title: 'MASE', right: true, text: (row) => (row.mase === null ? '–' : figure(row.mase)) },
        { title: 'NOTE', text: (row) => row.note ?? '' },
      ],
      contest,
    ),
  ]
}

function standingLine(
  verb: string,
  atMs: number | null,
  by: string | null,
  why: string | null,
): string[] {
  if (atMs === null) return []
  return [`${verb}   ${timeOfDay(atMs)} by ${by ?? 'nobody'}${why ? `: ${why}` : ''}`]
}

const BETTER: Record<ModelComparison['better'], string> = {
  a: 'the first is better',
  b: 'the second is better',
  neither: 'neither is significantly better',
}

export function comparisonLines(compared: ModelComparison): string[] {
  const { a, b, test, textbookTest, issueTimes, horizonSteps, fromMs, toMs, better } = compared
  const loss = (value: number | null) => (value === null ? '–' : value.toPrecision(4))
  const tested = (row: ModelComparison['test']) =>
    row === null ? 'nothing can be said' : `${row.statistic.toFixed(2)}, p ${row.pValue.toFixed(4)}`
  return [
    `${compared.service}: ${issueTimes} common issue times, 1 to ${horizonSteps} steps ahead, ${timeOfDay(fromMs)} to ${timeOfDay(toMs)}`,
    '',
    ...table(
      [
        { title: 'VERSION', right: true, text: (row) => String(row.number) },
        { title: 'MODEL', text: (row) => row.kind },
        { title: 'PINBALL LOSS', right: true, text: (row) => loss(row.loss) },
      ],
      [a, b],
    ),
    '',
    `Diebold–Mariano  ${tested(test)}`,
    `textbook form    ${tested(textbookTest)}`,
    BETTER[better],
  ]
}
