/** Trainings as a person reads them. */
import type { Training, TrainingRun, TrainingView } from '../../trainings/training.ts'
import { fromNow, span, table } from '../format.ts'

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const progress = ({ stepsDone, steps }: Training): string => percent(stepsDone / steps)
const left = ({ etaMs }: Training): string => (etaMs === null ? '–' : span(etaMs))

export function trainingTable(trainings: readonly Training[], nowMs: number): string[] {
  return table(
    [
      { title: 'NUMBER', right: true, text: (row) => String(row.number) },
      { title: 'NAME', text: (row) => row.name },
      { title: 'STATE', text: (row) => row.state },
      { title: 'DONE', right: true, text: progress },
      { title: 'LEFT', right: true, text: left },
      { title: 'RUNS', right: true, text: (row) => String(row.runs.length) },
      { title: 'POLICY', text: (row) => row.policy ?? '–' },
      { title: 'ASKED', text: (row) => fromNow(row.askedAtMs, nowMs) },
      { title: 'WHY', text: (row) => row.detail ?? row.why },
    ],
    trainings,
  )
}

export function trainingLines(training: TrainingView, nowMs: number): string[] {
  const { number, name, state, detail, restarts, policy, folder, askedBy, askedAtMs } = training
  const rests = restarts > 0 ? `, its process was replaced ${restarts} times` : ''
  return [
    `training ${number} ${name}: ${state}${detail === null ? '' : ` (${detail})`}`,
    `asked      ${fromNow(askedAtMs, nowMs)} by ${askedBy}`,
    `done       ${progress(training)} of ${training.steps} decisions, ${left(training)} left at most${rests}`,
    `files      ${folder}`,
    ...(policy === null ? [] : [`policy     ${policy}; forescale rollouts start ${policy}`]),
    '',
    ...runTable(training),
  ]
}

function runTable({ runs, curves }: TrainingView): string[] {
  const newest = ({ folder }: TrainingRun) =>
    curves.find((curve) => curve.folder === folder)?.rounds.at(-1)
  const shown = (value: number | undefined, text: (value: number) => string) =>
    value === undefined ? '–' : text(value)
  return table(
    [
      { title: 'RUN', text: ({ folder }) => (folder === '' ? '(one)' : folder) },
      { title: 'SEED', right: true, text: ({ seed }) => String(seed) },
      { title: 'ROUND', right: true, text: ({ done, rounds }) => `${done}/${rounds}` },
      {
        title: 'REWARD',
        right: true,
        text: (run) => shown(newest(run)?.explored, (v) => v.toFixed(3)),
      },
      { title: 'GAIN', right: true, text: (run) => shown(newest(run)?.gain, percent) },
      { title: 'BEST', right: true, text: ({ best }) => shown(best?.gain, percent) },
      { title: 'ENDED BY', text: ({ end }) => end ?? '–' },
    ],
    runs,
  )
}
