/** The controller itself: ticks, calls, answers, and the process that does them. */
import { JOBS_ROW } from './jobs-row.ts'
import { ask, type DashboardSource } from './panel.ts'

export const PROCESS: DashboardSource = {
  uid: 'forescale-process',
  title: 'Forescale: the controller itself',
  description: 'Ticks, calls, answers, jobs and the process that does them.',
  byService: false,
  rows: [
    {
      title: 'Ticks',
      panels: [
        {
          title: 'Since the last tick',
          why: 'Beside the interval from tick to tick.',
          unit: 's',
          targets: [
            ask('age', 'time() - forescale_last_tick_timestamp_seconds'),
            ask('interval', 'forescale_tick_interval_seconds'),
          ],
        },
        {
          title: 'Duration of a tick',
          why: 'Median and 99th percentile.',
          unit: 's',
          targets: [
            ask(
              'median',
              'histogram_quantile(0.5, sum by (le) (rate(forescale_tick_duration_seconds_bucket[5m])))',
            ),
            ask(
              '99th percentile',
              'histogram_quantile(0.99, sum by (le) (rate(forescale_tick_duration_seconds_bucket[5m])))',
            ),
          ],
        },
        {
          title: 'Ticks that failed or were left out',
          why: 'In five minutes.',
          unit: 'short',
          targets: [
            ask('failed', 'increase(forescale_tick_errors_total[5m])'),
            ask('left out', 'increase(forescale_ticks_skipped_total[5m])'),
          ],
        },
        {
          title: 'Decisions by what became of them',
          why: 'In five minutes.',
          unit: 'short',
          targets: [
            ask('{{settlement}}', 'sum by (settlement) (increase(forescale_decisions_total[5m]))'),
          ],
        },
      ],
    },
    {
      title: 'Calls and answers',
      panels: [
        {
          title: 'Calls of store, ledger, target and API server',
          why: 'A second, by part.',
          unit: 'ops',
          width: 8,
          targets: [
            ask('{{part}}', 'sum by (part) (rate(forescale_call_duration_seconds_count[5m]))'),
          ],
        },
        {
          title: 'Their failures',
          why: 'Share of the calls.',
          unit: 'percentunit',
          width: 8,
          targets: [
            ask(
              '{{part}}',
              '(sum by (part) (rate(forescale_call_errors_total[5m])) or 0 * sum by (part) (rate(forescale_call_duration_seconds_count[5m]))) / sum by (part) (rate(forescale_call_duration_seconds_count[5m]))',
            ),
          ],
        },
        {
          title: 'Their duration',
          why: '99th percentile.',
          unit: 's',
          width: 8,
          targets: [
            ask(
              '{{part}}',
              'histogram_quantile(0.99, sum by (part, le) (rate(forescale_call_duration_seconds_bucket[5m])))',
            ),
          ],
        },
        {
          title: 'Answers',
          why: 'A second, by status.',
          unit: 'reqps',
          width: 12,
          targets: [
            ask(
              '{{status}}',
              'sum by (status) (rate(forescale_http_request_duration_seconds_count[5m]))',
            ),
          ],
        },
        {
          title: 'Time to answer',
          why: '99th percentile, by route.',
          unit: 's',
          width: 12,
          targets: [
            ask(
              '{{route}}',
              'histogram_quantile(0.99, sum by (route, le) (rate(forescale_http_request_duration_seconds_bucket[5m])))',
            ),
          ],
        },
      ],
    },
    {
      title: 'Leader, ledger, store',
      panels: [
        {
          title: 'Who leads',
          why: '1 for the controller that acts.',
          unit: 'short',
          width: 8,
          targets: [ask('{{instance}}', 'forescale_lease_is_leader')],
        },
        {
          title: 'Writes that wait for the ledger',
          why: 'On local disk, while it is away.',
          unit: 'short',
          width: 8,
          targets: [ask('{{instance}}', 'forescale_ledger_queued_writes')],
        },
        {
          title: 'Samples that wait for the store',
          why: 'Acknowledged, on local disk, while its server is away.',
          unit: 'short',
          width: 8,
          targets: [ask('{{instance}}', 'forescale_store_pending_samples')],
        },
        {
          title: 'Events told',
          why: 'A second, by sink and by whether it took them.',
          unit: 'ops',
          targets: [
            ask(
              '{{sink}} {{outcome}}',
              'sum by (sink, outcome) (rate(forescale_events_total[5m]))',
            ),
          ],
        },
      ],
    },
    JOBS_ROW,
    {
      title: 'Process',
      panels: [
        {
          title: 'Event loop',
          why: 'Share of the time in which it was busy.',
          unit: 'percentunit',
          width: 8,
          targets: [ask('busy', 'forescale_event_loop_utilization_ratio')],
        },
        {
          title: 'Memory',
          why: 'Resident, and the heap in use.',
          unit: 'bytes',
          width: 8,
          targets: [
            ask('resident', 'process_resident_memory_bytes{job="forescale"}'),
            ask('heap', 'nodejs_heap_size_used_bytes{job="forescale"}'),
          ],
        },
        {
          title: 'Processor',
          why: 'Cores in use.',
          unit: 'short',
          width: 8,
          targets: [ask('cores', 'rate(process_cpu_seconds_total{job="forescale"}[5m])')],
        },
        {
          title: 'Samples refused',
          why: 'In five minutes, by reason.',
          unit: 'short',
          targets: [
            ask('{{reason}}', 'sum by (reason) (increase(forescale_rejected_samples_total[5m]))'),
          ],
        },
        {
          title: 'What runs',
          why: 'Version, commit and Node.',
          unit: 'short',
          figure: true,
          targets: [ask('{{version}} {{revision}} {{node}}', 'forescale_build_info')],
        },
      ],
    },
  ],
}
