/** Where decisions are carried out, as the configuration says it: examples of each kind, and what is refused with its reason. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { AppConfig } from '../config.ts'

const read = (actuator: object) =>
  AppConfig.safeParse({ services: { checkout: {} }, actuator: { ...actuator } })
const faults = (actuator: object) =>
  read(actuator).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

/** The commented lines of deploy/forescale.example.yaml, by kind. */
function examples(): Map<string, object> {
  const text = readFileSync('deploy/forescale.example.yaml', 'utf8')
  const [, section = ''] = /\nactuator:\n([\s\S]*?)\n\n/.exec(text) ?? []
  const lines = section.split('\n').map((line) => /^ {2}# (\w+: .*)/.exec(line)?.[1] ?? '')
  const found = new Map<string, string[]>()
  let kind = ''
  for (const line of lines) {
    kind = /^kind: (\w+)/.exec(line)?.[1] ?? kind
    if (kind) found.set(kind, [...(found.get(kind) ?? []), line])
  }
  return new Map([...found].map(([name, parts]) => [name, parse(parts.join('\n')) as object]))
}

describe('the examples in deploy/forescale.example.yaml', () => {
  it.each(['docker', 'aws', 'gcp', 'azure'])('of %s can be used as they stand', (kind) => {
    expect(faults(examples().get(kind)!)).toBeUndefined()
  })
})

describe('what is refused', () => {
  it.each([
    [
      { kind: 'aws', targets: { other: { kind: 'ecs', service: 'x' } } },
      'actuator.targets: every service of actuator.targets must stand in services too',
    ],
    [
      { kind: 'gcp', project: 'p', targets: { checkout: { group: 'g' } } },
      'actuator.targets.checkout.zone: needs zone or region, not both: a managed instance group is zonal or regional',
    ],
    [
      { kind: 'docker', project: 'p', endpoint: '/var/run/docker.sock' },
      'actuator.endpoint: must be unix:///…, tcp://… or http(s)://…',
    ],
  ])('%j', (actuator, fault) => {
    expect(faults(actuator)).toEqual([fault])
  })

  it('a target of AWS that is neither of the two', () => {
    const lambda = { kind: 'aws', targets: { checkout: { kind: 'lambda' } } }
    expect(faults(lambda)?.[0]).toMatch(/^actuator\.targets\.checkout\.kind:/)
  })
})
