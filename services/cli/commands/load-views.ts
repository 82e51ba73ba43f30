/** How a replay of load looks on a terminal: its plan, what goes on, what came out. */
import type { Setting } from '../../load/replay/document.ts'
import type { Progress, ReplayReport } from '../../load/replay/replay.ts'
import { type Stage, stagesOf } from '../../load/replay/schedule.ts'
import type { Summary } from '../../load/replay/tally.ts'
import { type Column, figure, seconds, span, table } from '../format.ts'
import type { Terminal } from '../terminal.ts'

/** A generator that is later than this at its 99th percentile measures itself. */
const LATE_SECONDS = 0.02

const STAGE: readonly Column<Stage>[] = [
  { title: 'FROM', right: true, text: ({ fromMs }) => clock(fromMs) },
  { title: 'TO', right: true, text: ({ toMs }) => clock(toMs) },
  { title: 'MEAN REQ/S', right: true, text: ({ meanRps }) => figure(meanRps) },
  { title: 'MOST', right: true, text: ({ mostRps }) => figure(mostRps) },
]

const OUTCOME: readonly Column<Stage & Summary>[] = [
  ...STAGE.slice(0, 3),
  { title: 'SENT', right: true, text: (row) => String(row.arrivals - row.held) },
  { title: 'P50', right: true, text: ({ latency }) => seconds(latency.p50) },
  { title: 'P95', right: true, text: ({ latency }) => seconds(latency.p95) },
  { title: 'P99', right: true, text: ({ latency }) => seconds(latency.p99) },
  { title: 'FAILED', right: true, text: ({ failures }) => String(failures) },
  { title: 'OUTSIDE SLO', right: true, text: ({ violationRatio }) => share(violationRatio) },
]

/** Talk, or data where the plan is all that was asked for. */
export function showPlan(setting: Setting, terminal: Terminal, isData: boolean): void {
  const { target, schedule, source, mostPerSecond } = setting
  const { curve, durationMs, seed } = schedule
  const tell = isData ? terminal.print : terminal.say
  tell(
    `${target.method} ${target.url.origin}${target.url.pathname}: ${source.kind} ${curve.name}${curve.synthetic ? ' (synthetic)' : ''}, peak ${figure(source.peakRps)} requests/s, ×${source.compress} time, ${span(durationMs)}, seed ${seed}; never more than ${mostPerSecond} in a second`,
  )
  if (curve.bridgedMs > 0)
    tell(`${span(curve.bridgedMs)} of the source were not measured: the value before them holds`)
  if (curve.mostRps > mostPerSecond)
    tell(`peaks above ${mostPerSecond} requests/s are cut: what is not sent is counted as held`)
  for (const line of table(STAGE, stagesOf(schedule))) tell(line)
}

/** On a terminal one line that changes, else a line each tenth of the replay. */
export function createProgress({ schedule }: Setting, terminal: Terminal) {
  const { durationMs } = schedule
  const stages = stagesOf(schedule)
  let told = 0
  const lineOf = ({ sinceStartMs, plannedRps, pending, recent, total }: Progress): string =>
    [
      `${clock(sinceStartMs)} of ${clock(durationMs)}`,
      `${figure(plannedRps)} req/s`,
      `p95 ${seconds(recent.latency.p95)}`,
      `${pending} on their way`,
      `${total.arrivals - total.held} sent, ${total.failures} failed, ${share(total.violationRatio)} outside SLO`,
    ].join('  ')
  return {
    show(progress: Progress) {
      if (terminal.stderr.isTTY) {
        terminal.stderr.write(`\r\u001b[K${lineOf(progress)}`)
        return
      }
      const ended = stages.filter(({ toMs }) => toMs <= progress.sinceStartMs).length
      if (ended > told) terminal.say(lineOf(progress))
      told = ended
    },
    end() {
      if (terminal.stderr.isTTY) terminal.stderr.write('\r\u001b[K')
    },
  }
}

export function showReport(report: ReplayReport, setting: Setting, terminal: Terminal): void {
  const { total, stages, statuses, faults, lateness, ended, lastedMs } = report
  for (const line of table(OUTCOME, stages)) terminal.print(line)
  terminal.print()
  const { latency, served } = total
  terminal.print(
    `${total.arrivals - total.held} requests in ${span(lastedMs)}: p50 ${seconds(latency.p50)}, p95 ${seconds(latency.p95)}, p99 ${seconds(latency.p99)} from when they were due (p99 ${seconds(served.p99)} from when they were sent)`,
  )
  terminal.print(
    `outside the SLO of ${seconds(setting.sloSeconds)}: ${total.violations} (${share(total.violationRatio)}), of them ${total.failures} failed, ${total.timeouts} by timeout`,
  )
  const answers = [...Object.entries(statuses), ...Object.entries(faults)]
  terminal.print(`answers: ${answers.map(([name, n]) => `${name} ×${n}`).join(', ') || 'none'}`)
  if (total.held > 0) terminal.print(`held back by the most requests in a second: ${total.held}`)
  if (ended === 'interrupted')
    terminal.print(`broken off; ${total.unfinished} requests were on their way`)
  if ((lateness.p99 ?? 0) > LATE_SECONDS) {
    const late = `the generator itself was late (p99 ${seconds(lateness.p99)}, most ${seconds(lateness.most)}): this machine is too busy for this rate`
    terminal.print(terminal.paint('yellow', late))
  }
}

function clock(ms: number): string {
  const whole = Math.floor(ms / 1000)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

const share = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`
