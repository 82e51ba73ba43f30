/** `forescale k8s` as a person runs it: against the real HTTP API, on files, and how each ends. */
// first: it teaches zod about OpenAPI, which schemas made earlier would not learn
import '../http/app.ts'

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { AppConfig } from '../config.ts'
import { startTestApi, type TestApi } from './test-api.ts'
import { runCommand } from './test-run.ts'

let api: TestApi
let folder: string
beforeEach(async () => {
  api = await startTestApi()
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-k8s-'))
  api.state.config = AppConfig.parse({
    services: { search: { slo: { objective: 0.95 } }, payment: {} },
    kubernetes: { workloads: { search: { namespace: 'shop', name: 'web' } } },
  })
})
afterEach(async () => {
  await api.close()
  await rm(folder, { recursive: true })
})

const run = (...argv: string[]) => runCommand(['k8s', ...argv], { env: { FORESCALE_URL: api.url } })

describe('manifest', () => {
  it('is made of what was learned', async () => {
    const { code, out } = await run('manifest', 'search')
    expect(code).toBe(0)
    // lead time 19 s as learned, a tick of 15 s, the HPA's 15 s
    expect(out).toContain(
      '# Lead time 19 s (learned from what runs), a tick of 15 s and 15 s until',
    )
    expect(out).toContain(
      '# horizon of 49 s. kubernetes.signal.consumerLagMs must be 15000 at least.',
    )
    expect(parse(out)).toMatchObject({
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'web',
        namespace: 'shop',
        annotations: { 'forescale.dev/lead-seconds': '19' },
      },
      spec: { maxReplicas: api.state.services[0]!.maxReplicas },
    })
  })

  it('carries the load at the quantile of the objective, over what a replica was seen to carry', async () => {
    const { out } = await run('manifest', 'search', '--carry', 'load', '--no-tolerance')
    const [{ external }] = parse(out).spec.metrics
    expect(external.metric.selector.matchLabels).toMatchObject({ workload: 'web', level: '0.95' })
    // 11.8 requests/s learned × 0.8
    expect(external.target).toEqual({ type: 'AverageValue', averageValue: '9440m' })
    expect(out).not.toContain('tolerance:')
  })

  it('of a service whose workload is not configured needs its namespace', async () => {
    const { code, err } = await run('manifest', 'payment')
    expect(code).toBe(2)
    expect(err).toContain('--namespace: absent; allowed: the namespace of payment')
    const named = await run('manifest', 'payment', '-n', 'bank', '--kind', 'StatefulSet')
    expect(parse(named.out).spec.scaleTargetRef).toMatchObject({
      kind: 'StatefulSet',
      name: 'payment',
    })
    expect((await run('manifest', 'payment', '-n', 'Bank')).err).toContain(
      'namespace: "Bank" is not allowed',
    )
  })

  it('refuses a service, a road and a level that there are not', async () => {
    expect(await run('manifest', 'nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('"nobody" is not configured; allowed: search, payment'),
    })
    expect((await run('manifest', 'search', '--road', 'bus')).code).toBe(2)
    expect((await run('manifest', 'search', '--level', '0.93')).err).toContain('0.95')
    expect((await run('manifest', 'search', '--poll', '1500ms')).err).toContain('whole seconds')
  })

  it('of what is declared asks no controller', async () => {
    const file = path.join(folder, 'forescale.yaml')
    await writeFile(file, 'services: {search: {startupSeconds: 60}}\n')
    const { out } = await run('manifest', 'search', '-n', 'shop', '--config', file)
    expect(out).toContain('# Lead time 75 s (declared, not measured yet)')
  })
})

describe('doctor', () => {
  it('says nothing against what manifest prints, once it is enforced', async () => {
    const file = path.join(folder, 'hpa.yaml')
    await writeFile(file, (await run('manifest', 'search')).out)
    const enforced = await run('doctor', file, '--service', 'search', '--fail-on', 'note')
    expect(enforced).toMatchObject({ code: 0, err: '' })
    expect(enforced.out).toMatch(/of \d+ changes that were decided 0 \(0 %\) would be swallowed/)
    api.state.services[0]!.mode = 'recommend'
    const { code, out } = await run('doctor', file, '--service', 'search', '--fail-on', 'fault')
    expect(code).toBe(5)
    expect(out).toContain('fault: mode: the service is in mode recommend')
  })

  it('prints JSON, at the counts that were asked for', async () => {
    const file = path.join(folder, 'hpa.yaml')
    await writeFile(file, (await run('manifest', 'search', '--no-tolerance')).out)
    const { out } = await run('doctor', file, '--at', '8,10', '--json')
    const [{ rows }] = JSON.parse(out)
    expect(
      rows.map((row: { current: number; swallowed: number[] }) => [row.current, row.swallowed]),
    ).toEqual([
      [8, []],
      [10, [9]], // the maximum is 10
    ])
  })

  it('takes a service as the configuration declares it, and asks no controller then', async () => {
    const file = path.join(folder, 'hpa.yaml')
    await writeFile(file, (await run('manifest', 'search')).out)
    const config = path.join(folder, 'forescale.yaml')
    await writeFile(config, 'services: {search: {minReplicas: 2, maxReplicas: 40}}\n')
    await api.close()
    const { code, out } = await run('doctor', file, '--service', 'search', '--config', config)
    expect(code).toBe(0)
    expect(out).toContain('Forescale decides from 2 to 40')
    expect(out).toContain('the service is in mode recommend')
    expect(await run('doctor', 'web', '-n', 'shop', '--config', config)).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('no section kubernetes') },
    })
    await writeFile(config, 'services: {search: {}}\nkubernetes: {}\n')
    const search = ['doctor', '--service', 'search', '--config', config]
    expect(await run(...search)).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('kubernetes.workloads has no "search"') },
    })
  })

  it('names what cannot be read, and how it ends', async () => {
    const file = path.join(folder, 'hpa.yaml')
    expect(await run('doctor')).toMatchObject({ code: 2, err: expect.stringContaining('no file') })
    expect(await run('doctor', file)).toMatchObject({ code: 3, err: expect.stringContaining(file) })
    await writeFile(file, 'kind: Service\n')
    expect((await run('doctor', file)).err).toContain('there is nothing that scales')
    await writeFile(file, 'kind: HorizontalPodAutoscaler\napiVersion: autoscaling/v1\n')
    expect((await run('doctor', file)).err).toContain('apiVersion: "autoscaling/v1" is not allowed')
    expect((await run('doctor', file, '--at', '0')).code).toBe(2)
    const kubeconfig = path.join(folder, 'none')
    const away = await run('doctor', 'web', '-n', 'shop', '--kubeconfig', kubeconfig)
    expect(away).toMatchObject({ code: 4, err: expect.stringContaining('there is no file') })
  })
})
