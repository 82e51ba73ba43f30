import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  placeRecording,
  type Recording,
  RecordingError,
  readRecording,
  writeRecording,
} from './recording.ts'

const STEP_MS = 1000
const recordingOf = (
  days: number,
  stepsPerDay: number,
  services: readonly string[],
): Recording => ({
  header: {
    source: 'a test: with a colon',
    recordedAt: '2026-11-21T06:00:00.000Z',
    workload: 'weekday',
    dayMs: stepsPerDay * STEP_MS,
    stepMs: STEP_MS,
    days,
  },
  services,
  metrics: ['requests_per_second', 'cpu_cores'],
  values: services.flatMap((_, s) =>
    [0, 1].map((m) =>
      Float64Array.from({ length: days * stepsPerDay }, (__, k) =>
        (k + m) % 5 === 4 ? Number.NaN : s * 10_000 + m * 1000 + k,
      ),
    ),
  ),
})
const shapes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 }))
const small = recordingOf(2, 5, ['search', 'payment'])

describe('a recording', () => {
  it('is read as it was written, gaps included', () => {
    fc.assert(
      fc.property(shapes, ([days, stepsPerDay]) => {
        const recording = recordingOf(days, stepsPerDay, ['search', 'payment'])
        expect(readRecording(writeRecording(recording))).toEqual(recording)
      }),
    )
  })

  it('keeps six digits, whatever the magnitude', () => {
    const value = fc.double({ min: 1e-9, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(value, (x) => {
        const values = [Float64Array.of(x)]
        const recording = { ...recordingOf(1, 1, ['a']), metrics: ['m'], values }
        const [back] = readRecording(writeRecording(recording)).values
        expect(Math.abs(back![0]! / x - 1)).toBeLessThan(1e-5)
      }),
    )
  })

  it.each([
    ['nothing', '', /header/],
    ['no header', 'step,service,m\n0,a,1', /header/],
    [
      'days that are no multiple of steps',
      writeRecording(small).replace('stepMs: 1000', 'stepMs: 999'),
      /multiple/,
    ],
    ['an unknown key', `# colour: red\n${writeRecording(small)}`, /colour/],
    ['no titles', writeRecording(small).replace('step,service', 'when,service'), /line 7: "when/],
    [
      'a step beyond the end',
      `${writeRecording(small)}10,search,1,1`,
      /line 28: "10,search.*0 to 9/,
    ],
    ['a row without a step', `${writeRecording(small)},search,1,1`, /line 28: ",search/],
    ['a value too few', `${writeRecording(small)}1,search,1`, /line 28: .*2 values/],
    ['a value that is no number', `${writeRecording(small)}1,search,1,many`, /line 28: .*finite/],
    ['a service that cannot be', `${writeRecording(small)}1,Search,1,1`, /line 28/],
  ])('is refused in words: %s', (_, text, message) => {
    expect(() => readRecording(text)).toThrow(RecordingError)
    expect(() => readRecording(text)).toThrow(message)
  })
})

describe('a placed recording', () => {
  const spans = fc.record({
    shape: shapes,
    epochMs: fc.integer({ min: 1e12, max: 1e12 + 10_000 }),
    offset: fc.integer({ min: -50, max: 50 }),
    length: fc.integer({ min: 0, max: 40 }),
    jitter: fc.integer({ min: 0, max: STEP_MS - 1 }),
  })

  it('follows the phase of the day, one sample a step, each at the end of its step', () => {
    fc.assert(
      fc.property(spans, ({ shape: [days, stepsPerDay], epochMs, offset, length, jitter }) => {
        const recording = recordingOf(days, stepsPerDay, ['search'])
        const fromMs = epochMs + offset * STEP_MS + jitter
        const toMs = fromMs + length * STEP_MS
        const placed = placeRecording(recording, { epochMs, fromMs, toMs })
        const load = placed.filter((sample) => sample.metric === 'requests_per_second')
        expect(new Set(load.map((sample) => sample.atMs)).size).toBe(load.length)
        for (const { atMs, value } of load) {
          expect(atMs).toBeGreaterThan(fromMs)
          expect(atMs).toBeLessThanOrEqual(toMs + STEP_MS)
          const step = (atMs - epochMs) / STEP_MS - 1
          expect(Number.isInteger(step)).toBe(true)
          // day n of the demo is day n mod days of the recording; negative days count on backwards
          const steps = days * stepsPerDay
          expect(value).toBe(((step % steps) + steps) % steps)
        }
      }),
    )
  })

  it('is the same wherever two spans are cut', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 0, max: 40 }), ({ epochMs, offset, length }, cut) => {
        const fromMs = epochMs + offset * STEP_MS
        const toMs = fromMs + length * STEP_MS
        const atMs = Math.min(toMs, fromMs + cut * STEP_MS)
        const place = (from: number, to: number) =>
          placeRecording(small, { epochMs, fromMs: from, toMs: to })
        expect([...place(fromMs, atMs), ...place(atMs, toMs)]).toEqual(place(fromMs, toMs))
      }),
    )
  })

  it('has its last day right before the epoch', () => {
    const epochMs = 1e12
    const placed = placeRecording(small, { epochMs, fromMs: epochMs - STEP_MS, toMs: epochMs })
    // the last step of the last day: 9; its load is a gap in this recording, its CPU is not
    expect(placed.map(({ atMs, value }) => [atMs, value])).toEqual(
      [small.values[0]![9]!, small.values[1]![9]!, small.values[2]![9]!, small.values[3]![9]!]
        .filter((value) => !Number.isNaN(value))
        .map((value) => [epochMs, value]),
    )
    expect(placed.length).toBeGreaterThan(0)
  })
})

const FOLDER = new URL('recordings/', import.meta.url)
describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.csv')))('%s', (name) => {
  const { header, services, metrics, values } = readRecording(
    readFileSync(new URL(name, FOLDER), 'utf8'),
  )

  it('says where it comes from, and is of the workload it is named after', () => {
    expect(header.workload).toBe(name.replace('.csv', ''))
    expect(Number.isNaN(Date.parse(header.recordedAt))).toBe(false)
    expect(header.source).toMatch(/^recorded demo load/)
  })

  it('has load in nearly every step of every service', () => {
    expect(services.length).toBeGreaterThan(0)
    services.forEach((service, s) => {
      const load = values[s * metrics.length + metrics.indexOf('requests_per_second')]!
      const gaps = load.filter(Number.isNaN).length
      expect(gaps / load.length, service).toBeLessThan(0.05)
    })
  })
})
