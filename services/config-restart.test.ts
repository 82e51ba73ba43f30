/** What a reload changes, and what it says of the rest. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compose } from './compose.ts'
import { AppConfig } from './config.ts'
import { AT_START, changedSettings, isTakenAtStart, needRestart } from './config-restart.ts'
import { schemasAt } from './config-schema.ts'

const configOf = (over: object = {}) => AppConfig.parse({ services: { search: {} }, ...over })
const config = configOf()

describe('a changed configuration', () => {
  it('names each setting that changed, and none that did not', () => {
    const next = configOf({
      jobs: { attempts: 5, redis: 'redis://127.0.0.1:6379' },
      services: { search: { maxReplicas: 7 }, cart: {} },
      http: { corsOrigins: ['https://a.example'] },
    })
    expect(changedSettings(config, config)).toEqual([])
    expect(changedSettings(config, next)).toEqual(changedSettings(next, config))
    expect(changedSettings(config, next)).toEqual([
      ...['http.corsOrigins', 'jobs.attempts', 'jobs.redis', 'services.cart'],
      'services.search.maxReplicas',
    ])
  })

  it('needs a restart for what is taken at a start, and for nothing else', () => {
    const jobs = { attempts: 4, backoffMs: 10, longestBackoffMs: 20, keepDead: 7, keepDeadMs: 9 }
    const live = { jobs: { ...jobs, fitWaitMs: 200, mostFits: 3 }, costBudgetPerHour: 3 }
    expect(needRestart(config, configOf(live))).toEqual([])
    const late = { jobs: { ...jobs, prefix: 'other', lockMs: 900, mostStalls: 1 }, tickMs: 30_000 }
    expect(needRestart(config, configOf(late))).toEqual([
      'jobs.lockMs',
      'jobs.mostStalls',
      'jobs.prefix',
      'tickMs',
    ])
    expect(needRestart(config, configOf({ http: { port: 9 } }))).toEqual(['http.port'])
  })

  it('of any two: what differs is what is named', () => {
    const some = fc.record({
      mode: fc.constantFrom('off', 'recommend', 'enforce'),
      costBudgetPerHour: fc.integer({ min: 1, max: 3 }),
      jobs: fc.record({
        attempts: fc.integer({ min: 1, max: 3 }),
        prefix: fc.constantFrom('a', 'b'),
      }),
    })
    fc.assert(
      fc.property(some, some, (a, b) => {
        const named = changedSettings(configOf(a), configOf(b))
        expect(named.includes('mode')).toBe(a.mode !== b.mode)
        expect(named.includes('jobs.attempts')).toBe(a.jobs.attempts !== b.jobs.attempts)
        expect(named.includes('jobs.prefix')).toBe(a.jobs.prefix !== b.jobs.prefix)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a reload of a running controller', () => {
  it('has the new limits of jobs, and says what will hold only after a restart', async () => {
    const stateDir = mkdtempSync(path.join(tmpdir(), 'forescale-reload-'))
    let next = configOf({ clock: 'manual' })
    const { app, close } = await compose({
      ...{ config: next, stateDir, reread: () => next, hostUrl: '', loadUrl: '' },
      env: { LOG_LEVEL: 'silent' },
    })
    const reload = async () => (await app.request('/v1/config/reload', { method: 'POST' })).json()
    const jobs = async () => AppConfig.parse(await (await app.request('/v1/config')).json()).jobs
    try {
      expect(await reload()).toEqual({ reloaded: true, needRestart: [] })
      next = configOf({ clock: 'manual', jobs: { attempts: 7, prefix: 'other', lockMs: 900 } })
      const answer = { reloaded: true, needRestart: ['jobs.lockMs', 'jobs.prefix'] }
      expect(await reload()).toEqual(answer)
      expect(await jobs()).toMatchObject({ attempts: 7, prefix: 'other' })
      // it is compared with what was started, not with what was read last
      expect(await reload()).toEqual(answer)
      next = configOf({ clock: 'manual', jobs: { attempts: 2 } })
      expect(await reload()).toEqual({ reloaded: true, needRestart: [] })
      expect((await jobs()).attempts).toBe(2)
    } finally {
      await close()
      rmSync(stateDir, { recursive: true })
    }
  })
})

describe('what is taken at a start', () => {
  it.each(AT_START)('%s is a setting', (path) => {
    expect(schemasAt(path.split('.')).length).toBeGreaterThan(0)
    expect(isTakenAtStart(path)).toBe(true)
  })

  it('is no setting whose name only begins alike', () => {
    expect(isTakenAtStart('store.kind')).toBe(true)
    expect(isTakenAtStart('storeMore')).toBe(false)
    expect(isTakenAtStart('jobs.attempts')).toBe(false)
  })
})
