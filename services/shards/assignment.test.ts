/** Which shard serves a service, and what a controller of one shard goes by. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../config-file.ts'
import { ofShard, ownServices, shardOf } from './assignment.ts'

const services = Array.from({ length: 1000 }, (_, i) => `service-${i}`)
const anyNames = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_]{1,8}$/), {
  minLength: 2,
  maxLength: 6,
})

describe('a service', () => {
  it('has the shard that the configuration says', () => {
    const shards = { names: ['a', 'b'], services: { x: 'b' } }
    expect(shardOf('x', shards)).toBe('b')
    expect(shardOf('constructor', shards)).toMatch(/^[ab]$/)
  })

  it('else one of them by its name alone, whatever their order', () => {
    fc.assert(
      fc.property(anyNames, fc.constantFrom(...services), (names, service) => {
        const shard = shardOf(service, { names, services: {} })
        expect(names).toContain(shard)
        expect(shardOf(service, { names: names.toReversed(), services: {} })).toBe(shard)
      }),
    )
  })

  it('changes its shard only when that one comes or goes', () => {
    fc.assert(
      fc.property(anyNames, (names) => {
        const [gone, ...rest] = names as [string, ...string[]]
        for (const service of services.slice(0, 50)) {
          const shard = shardOf(service, { names, services: {} })
          if (shard !== gone) expect(shardOf(service, { names: rest, services: {} })).toBe(shard)
        }
      }),
    )
  })

  it('of a thousand, four shards have about a quarter each', () => {
    const names = ['a', 'b', 'c', 'd']
    const counts = new Map(names.map((name) => [name, 0]))
    for (const service of services) {
      const shard = shardOf(service, { names, services: {} })
      counts.set(shard, counts.get(shard)! + 1)
    }
    // four standard deviations of a fair draw
    for (const n of counts.values()) expect(Math.abs(n - 250)).toBeLessThan(55)
  })
})

describe('the configuration of a shard', () => {
  const text = (own: string, more = '') => `
ledger: {kind: postgresql, urlEnv: URL, schema: forescale}
shards: {own: ${own}, names: [left, right], services: {a: left, b: right, c: right}}
services: {a: {}, b: {}, c: {}}
${more}`
  const faultOf = (yaml: string) => () => parseConfig(yaml, 'forescale.yaml')

  it('has its own services and a schema of its own; what is found later is filtered the same way', () => {
    const config = parseConfig(text('right'), 'forescale.yaml')
    expect(Object.keys(config.services)).toEqual(['b', 'c'])
    expect(config.ledger).toMatchObject({ schema: 'forescale_right' })
    const found = { ...config, services: { ...config.services, a: config.services.b! } }
    expect(Object.keys(ownServices(found).services)).toEqual(['b', 'c'])
  })

  it('has a lease of its own where that is kept in Kubernetes', () => {
    const lease = 'leader: {election: true, lease: {kind: kubernetes}}\nkubernetes: {}'
    const { leader } = parseConfig(text('left', lease), 'forescale.yaml')
    expect(leader.lease).toMatchObject({ kind: 'kubernetes', name: 'forescale-left' })
  })

  it('comes from one file for all: the environment says which shard', () => {
    const env = { FORESCALE_SHARDS__OWN: 'left' }
    const config = parseConfig(text('right'), 'forescale.yaml', env)
    expect(Object.keys(config.services)).toEqual(['a'])
  })

  it('is as it was where there are no shards', () => {
    const config = parseConfig('services: {a: {}}', 'forescale.yaml')
    expect(ofShard(config)).toBe(config)
  })

  it('is refused where shards could not share: another ledger, an amount for a month, a name that is none', () => {
    expect(faultOf(text('nobody'))).toThrow('must be one of shards.names')
    expect(faultOf(text('left', 'budget: {perMonth: 900}'))).toThrow('cannot be set beside')
    expect(faultOf('shards: {own: a, names: [a]}\nservices: {a: {}}')).toThrow('ledger.kind')
    expect(faultOf(text('left').replace('b: right,', 'b: middle,'))).toThrow('shards.names')
    expect(faultOf(text('left').replace('[left, right]', '[left, right, left]'))).toThrow('twice')
  })
})
