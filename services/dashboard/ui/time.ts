/** Times on the page: UTC, local, or the demo's compressed clock; and round instants for time axes. */

export type Clock = 'local' | 'utc' | 'demo'

/** The compressed day of the demo; null outside it. */
export interface DemoDay {
  readonly epochMs: number
  readonly dayMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const pad = (value: number): string => String(Math.floor(value)).padStart(2, '0')

export interface DemoTime {
  /** 1 is the day in which the demo began; earlier days are 0 and below. */
  readonly day: number
  /** Time of the compressed day, hh:mm. */
  readonly time: string
}

export function demoTime(atMs: number, { epochMs, dayMs }: DemoDay): DemoTime {
  const days = (atMs - epochMs) / dayMs
  const day = Math.floor(days)
  const minutes = Math.floor((days - day) * 24 * 60 + 1e-6)
  return { day: day + 1, time: `${pad(minutes / 60)}:${pad(minutes % 60)}` }
}

/** Minutes that local time is ahead of UTC. */
const offsetMs = (atMs: number, clock: Clock): number =>
  clock === 'utc' ? 0 : -new Date(atMs).getTimezoneOffset() * 60_000

/** hh:mm:ss, or day and time of the demo. */
export function timeText(atMs: number, clock: Clock, demo: DemoDay | null): string {
  if (clock === 'demo' && demo) {
    const { day, time } = demoTime(atMs, demo)
    return `day ${day} ${time}`
  }
  const shifted = new Date(atMs + offsetMs(atMs, clock))
  return shifted.toISOString().slice(11, 19)
}

/** The day of an instant: `21 Nov`, or the demo's day and time. */
export function dayText(atMs: number, clock: Clock, demo: DemoDay | null): string {
  if (demo)
    return clock === 'demo' ? `day ${demoTime(atMs, demo).day}` : timeText(atMs, clock, demo)
  const shifted = new Date(atMs + offsetMs(atMs, clock))
  return shifted.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
}

/** Date and time in full, with the zone. */
export function fullTimeText(atMs: number, clock: Clock): string {
  const shifted = new Date(atMs + offsetMs(atMs, clock))
    .toISOString()
    .replace('T', ' ')
    .slice(0, 19)
  return `${shifted} ${clock === 'utc' ? 'UTC' : 'local time'}`
}

const ROUND_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
].map((s) => s * 1000)

export interface Axis {
  readonly splits: readonly number[]
  readonly labels: readonly string[]
}

/** Round instants between two times, at most `most` of them, with short labels. */
export function timeAxis(
  fromMs: number,
  toMs: number,
  most: number,
  clock: Clock,
  demo: DemoDay | null,
): Axis {
  const isDemo = clock === 'demo' && demo !== null
  // a demo day is so many ms long; its axis is laid out in the demo's own time
  const scale = isDemo ? DAY_MS / demo.dayMs : 1
  const zero = isDemo ? demo.epochMs : -offsetMs(fromMs, clock)
  const lengthMs = (toMs - fromMs) * scale
  const everyMs =
    (ROUND_MS.find((ms) => lengthMs / ms <= most) ?? Math.ceil(lengthMs / DAY_MS / most) * DAY_MS) /
    scale
  const splits: number[] = []
  for (let k = Math.ceil((fromMs - zero) / everyMs); zero + k * everyMs <= toMs; k++)
    splits.push(zero + k * everyMs)
  const labels = splits.map((atMs) => {
    if (everyMs * scale >= DAY_MS) return dayText(atMs, clock, isDemo ? demo : null)
    if (isDemo) return demoTime(atMs, demo).time
    const text = timeText(atMs, clock, demo)
    return everyMs < 60_000 ? text : text.slice(0, 5)
  })
  return { splits, labels }
}
