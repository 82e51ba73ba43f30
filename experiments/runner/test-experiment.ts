/** A small experiment for tests: seconds, several data sets, seeds and controllers. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

export const SMALL = `
name: small
setting: { learnDays: 2, replayDays: 0.5 }
datasets:
  - { kind: synthetic, workloads: [weekday, bursty], days: 3 }
  - kind: services
    name: shop
    setting: { learnDays: 0.5, replayDays: 0.125 }
    services:
      - { name: order, load: { workload: weekday, days: 3 }, calls: [{ service: payment }] }
      - { name: payment }
controllers:
  - { kind: hpa, each: [{ target: 0.5 }, { target: 0.8 }] }
  - { kind: thresholds }
  - { kind: static, each: [{}, { quantile: 0.9 }] }
seeds: [1, 2]
blockHours: 3
draws: 100
`

/** One load on both simulators: few requests a second, for each of them is simulated. */
export const BOTH_SIMULATORS = `
name: both
setting: { learnDays: 2, replayDays: 0.25, busyReplicas: 3, serving: { serviceTime: { meanSeconds: 0.5 } } }
datasets:
  - { kind: synthetic, workloads: [weekday], days: 3 }
variants:
  - { name: fluid }
  - { name: requests, simulator: requests }
controllers:
  - { kind: static }
  - { kind: hpa }
blockHours: 3
draws: 100
`

/** A budget that binds, and a controller that knows prices and forecasts. */
export const SQUEEZED = `
name: squeezed
setting: { learnDays: 2, replayDays: 0.5, budgetShare: 0.5 }
datasets:
  - { kind: synthetic, workloads: [bursty], days: 3 }
controllers:
  - { kind: forescale, params: { models: [seasonal-naive] } }
  - { kind: hpa }
blockHours: 3
draws: 100
`

/** A checksum of every file that has to be the same bytes on every run, by name. */
export function bytesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('jobs') && name !== 'timing.json')
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort()
  const sumOf = (name: string) =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex')
  return Object.fromEntries(names.map((name) => [name, sumOf(name)]))
}
