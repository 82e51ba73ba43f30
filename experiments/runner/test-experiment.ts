/** A small experiment for tests: seconds, several data sets, seeds and controllers. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

export const SMALL = `
name: small
setting: { learnDays: 2, replayDays: 1 }
datasets:
  - { kind: synthetic, workloads: [weekday, bursty], days: 3 }
  - kind: services
    name: shop
    setting: { learnDays: 0.5, replayDays: 0.25 }
    services:
      - { name: order, load: { workload: weekday, days: 3 }, calls: [{ service: payment }] }
      - { name: payment }
controllers:
  - { kind: hpa, each: [{ target: 0.5 }, { target: 0.8 }] }
  - { kind: thresholds }
  - { kind: static, each: [{}, { quantile: 0.9 }] }
seeds: [1, 2]
blockHours: 6
draws: 100
`

/** Every file that has to be the same bytes on every run, by name. */
export function bytesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('jobs') && name !== 'timing.json')
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort()
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(path.join(folder, name)).toString('base64')]),
  )
}
