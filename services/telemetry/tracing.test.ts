import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import { createLogger } from './log.ts'
import { inSpan, inTickSpan, traceIdOfTick } from './spans.ts'
import { isTracingAsked, startTracing } from './tracing.ts'

interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly status: { readonly code?: number }
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: object }[] }
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

const STEP_MS = 15_000
const START_MS = Date.parse('2026-11-21T08:00:00Z')

/** A collector that speaks OTLP over HTTP with JSON, and keeps what it is sent. */
let collector: Server
const sent: Sent[] = []
let stateDir: string
let composed: Composed
let epoch: string
let explained: string

const spans = () =>
  sent.flatMap((one) => one.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)))

beforeAll(async () => {
  collector = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      sent.push(JSON.parse(body) as Sent)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  // the exporter reads the process's own environment, as the OpenTelemetry specification says
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  stateDir = await mkdtemp(path.join(tmpdir(), 'forescale-tracing-'))
  const config = AppConfig.parse({
    stateDir,
    mode: 'enforce',
    clock: 'manual',
    stepMs: STEP_MS,
    tickMs: STEP_MS,
    costBudgetPerHour: 5,
    actuator: { kind: 'caller' },
    services: { search: { minReplicas: 1, maxReplicas: 9, pricePerReplicaHour: 0.1 } },
  })
  composed = await compose({
    config,
    stateDir,
    reread: () => config,
    hostUrl: '',
    loadUrl: '',
    env: { ...process.env, LOG_LEVEL: 'silent' },
  })
  const { controller, app } = composed
  await controller.ingest([
    { service: 'search', metric: 'requests_per_second', atMs: START_MS, value: 40 },
  ])
  await controller.runTick(
    START_MS + STEP_MS,
    new Map([['search', { requested: 1, ready: 1, starting: 0, terminating: 0 }]]),
  )
  const answer = await app.request('http://127.0.0.1/v1/ticks')
  const { items } = (await answer.json()) as { items: { epoch: string }[] }
  epoch = items[0]!.epoch
  const decision = controller.lastTick()!.decisions[0]!
  explained = (await controller.explain(decision.id))!.traceId
  await composed.close()
}, 60_000)

afterAll(async () => {
  collector.close()
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  await rm(stateDir, { recursive: true, force: true })
})

describe('the trace of a tick', () => {
  it('has an id that follows from epoch and tick', () => {
    const ids = spans()
      .filter((span) => span.name === 'tick')
      .map((span) => span.traceId)
    expect(ids).toEqual([traceIdOfTick(epoch, 1)])
    expect(explained).toBe(ids[0]) // which the decision's explanation names
  })

  it('holds its stages and every call of store, ledger and target, each under the tick', () => {
    const mine = spans().filter((span) => span.traceId === traceIdOfTick(epoch, 1))
    const names = new Set(mine.map((span) => span.name))
    for (const stage of ['collect', 'forecast', 'decide', 'record', 'actuate', 'follow'])
      expect(names).toContain(stage)
    for (const call of ['ledger.openTick', 'actuator.observe', 'actuator.apply', 'ledger.settle'])
      expect(names).toContain(call)
    const byId = new Map(mine.map((span) => [span.spanId, span]))
    for (const span of mine) {
      let at = span
      while (at.parentSpanId) at = byId.get(at.parentSpanId)!
      expect(at.name).toBe('tick')
    }
    const record = mine.find((span) => span.name === 'record')!
    expect(mine.find((span) => span.name === 'ledger.openTick')!.parentSpanId).toBe(record.spanId)
  })

  it('and requests have traces of their own', () => {
    const request = spans().find((span) => span.name.startsWith('GET '))
    expect(request?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(request?.traceId).not.toBe(traceIdOfTick(epoch, 1))
  })

  it('says that the service is forescale, in which version', () => {
    const attributes = Object.fromEntries(
      sent[0]!.resourceSpans[0]!.resource.attributes.map(({ key, value }) => [key, value]),
    )
    expect(attributes['service.name']).toEqual({ stringValue: 'forescale' })
    expect(attributes['service.version']).toEqual({ stringValue: expect.stringMatching(/^\d+\./) })
  })
})

describe('tracing', () => {
  it('is off unless a collector is named', async () => {
    expect(isTracingAsked({})).toBe(false)
    expect(await startTracing({}, '1.0.0')).toBeUndefined()
    expect(
      await startTracing(
        { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' },
        '1',
      ),
    ).toBeUndefined()
  })

  it('marks what failed, and lets the failure through', async () => {
    const tracing = await startTracing(process.env, '1.0.0')
    sent.length = 0
    const failing = inTickSpan({ epoch: 'e', tick: 7 }, () =>
      inSpan('record', () => Promise.reject(new Error('disk full'))),
    )
    await expect(failing).rejects.toThrow('disk full')
    await tracing!.close()
    const codes = Object.fromEntries(spans().map((span) => [span.name, span.status.code]))
    expect(codes).toEqual({ tick: 2, record: 2 }) // STATUS_CODE_ERROR
  })

  it('puts the trace into log lines', async () => {
    const tracing = await startTracing(process.env, '1.0.0')
    const lines: string[] = []
    const log = createLogger('test', { env: {}, to: { write: (line) => void lines.push(line) } })
    log.info('outside')
    await inTickSpan({ epoch: 'e', tick: 7 }, async () => log.info('inside'))
    await tracing!.close()
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('trace_id')
    expect(JSON.parse(lines[1]!)).toMatchObject({ trace_id: traceIdOfTick('e', 7) })
  })
})
