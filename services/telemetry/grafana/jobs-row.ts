/** Jobs: what waits for workers, what they are at, what was given up, and how long answers take. */
import { ask, type DashboardSource } from './panel.ts'

const COUNTS: readonly (readonly [title: string, state: string, why: string])[] = [
  ['Jobs that wait', 'waiting', 'For a worker, by kind.'],
  ['Jobs that workers are at', 'active', 'By kind.'],
  [
    'Jobs given up',
    'dead',
    'Kept with their errors until somebody begins them anew or discards them.',
  ],
]

export const JOBS_ROW: DashboardSource['rows'][number] = {
  title: 'Jobs',
  panels: [
    ...COUNTS.map(([title, state, why]) => ({
      ...{ title, why, unit: 'short', width: 6 },
      targets: [ask('{{kind}}', `sum by (kind) (forescale_jobs{state="${state}"})`)],
    })),
    {
      title: 'The queue answers',
      why: '0 while Redis with the jobs is away; absent where jobs are done in this process.',
      unit: 'short',
      width: 6,
      targets: [ask('{{instance}}', 'forescale_jobs_up')],
    },
    {
      title: 'Answers to what was asked',
      why: 'A second, by kind and by what became of it.',
      unit: 'ops',
      width: 12,
      targets: [
        ask(
          '{{kind}} {{outcome}}',
          'sum by (kind, outcome) (rate(forescale_job_duration_seconds_count[5m]))',
        ),
      ],
    },
    {
      title: 'From asking to the answer',
      why: 'Median and 99th percentile, by kind.',
      unit: 's',
      width: 12,
      targets: [0.5, 0.99].map((level) =>
        ask(
          `{{kind}} ${level * 100} %`,
          `histogram_quantile(${level}, sum by (kind, le) (rate(forescale_job_duration_seconds_bucket[5m])))`,
        ),
      ),
    },
  ],
}
