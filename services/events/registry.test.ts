/** Sinks follow the configuration in force, without a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { decisionOf, tickOf } from '../ledger/test-rows.ts'
import { openRelay } from './registry.ts'
import type { Relay } from './relay.ts'

let server: Server
let heard: string[] = []
let folder: string
let ledger: Ledger
let relay: Relay | undefined
let config: AppConfig
let warned: string[] = []

const configOf = (sinks: readonly object[]) =>
  AppConfig.parse({ services: { search: {} }, events: { sinks } })
const hook = (name: string, more: object = {}) => ({
  ...{ kind: 'webhook', name, events: ['decision'] },
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
  ...more,
})

beforeEach(async () => {
  heard = []
  warned = []
  server = createServer((request, response) => {
    heard.push(request.url ?? '')
    request.resume().on('end', () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-sinks-'))
  config = configOf([hook('first')])
  ledger = await openLedger(config, folder)
  relay = await openRelay({
    ...{ config: () => config, env: {}, ledger, told: () => {} },
    log: { warn: (_fields, message) => void warned.push(message) },
  })
})
afterEach(async () => {
  await relay?.close()
  await ledger.close()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

async function told(tick: number): Promise<string[]> {
  await ledger.openTick(tickOf(tick), [decisionOf(tick, 'search')], [])
  relay!.kick(tick)
  await relay!.idle()
  return heard.splice(0)
}

it('tells the sinks that a reload brings, and no more those that it takes away', async () => {
  expect(await told(1)).toEqual(['/first'])
  config = configOf([hook('first'), hook('second')])
  expect((await told(2)).sort()).toEqual(['/first', '/second'])
  config = configOf([hook('second')])
  expect(await told(3)).toEqual(['/second'])
  config = configOf([])
  expect(await told(4)).toEqual([])
})

it('keeps the sinks that there were when the new ones cannot be opened, and says so', async () => {
  expect(await told(1)).toEqual(['/first'])
  config = configOf([hook('first'), hook('second', { secretEnv: 'NOT_THERE' })])
  expect(await told(2)).toEqual(['/first'])
  expect(warned).toEqual(['the sinks of the new configuration were not opened'])
  config = configOf([hook('second')])
  expect(await told(3)).toEqual(['/second'])
})
