/** The Helm chart: what helm's own tools say of it, and what stands in what it renders. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  CHART,
  FORMS,
  FULL_NAME,
  HELM_HERE,
  lint,
  type Manifest,
  manifestsOf,
  RELEASE,
  rbacLines,
  render,
} from './test-chart.ts'
import { loadConfigText } from './test-config.ts'

const text = (file: string) => readFileSync(file, 'utf8')
const names = (pattern: string) =>
  globSync(pattern)
    .map((file) => path.basename(file))
    .sort()

describe('what the chart takes from elsewhere (sh deploy/helm/sync.sh)', () => {
  it.each([
    ['deploy/prometheus', 'files', 'rules.yml'],
    ['deploy/grafana/dashboards', 'files/dashboards', '*.json'],
    ['deploy/crds', 'crds', '*.yaml'],
    ['deploy/crds', '../../kustomize/base/crds', '*.yaml'],
  ])('%s is the same there', (from, to, pattern) => {
    const files = names(`${from}/${pattern}`).filter((name) => name !== 'rules.test.yml')
    expect(files.length).toBeGreaterThan(0)
    expect(names(`${CHART}/${to}/${pattern}`)).toEqual(files)
    for (const file of files)
      expect(text(`${CHART}/${to}/${file}`), file).toBe(text(`${from}/${file}`))
  })
})

describe('the Terraform module', () => {
  it('sets values that the chart has', () => {
    const { properties } = JSON.parse(text(`${CHART}/values.schema.json`))
    const block = /\bvalues = \{\n([\s\S]*?)\n {2}\}/.exec(text('deploy/terraform/main.tf'))![1]!
    const keys = block.split('\n').map((line) => line.trim().split(/\s/)[0]!)
    expect(keys).toContain('mode')
    for (const key of keys) expect(Object.keys(properties)).toContain(key)
  })
})

describe.runIf(HELM_HERE)('helm', () => {
  const find = (manifests: readonly Manifest[], kind: string, name = FULL_NAME) =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name)!

  it.each(Object.keys(FORMS))('lints form %s strictly', async (form) => {
    expect(await lint(FORMS[form]!)).toContain('1 chart(s) linted, 0 chart(s) failed')
  })

  it.each(Object.keys(FORMS))(
    'gives form %s the rights of its golden list, no more',
    async (form) => {
      await expect(`${rbacLines(await render(FORMS[form]!)).join('\n')}\n`).toMatchFileSnapshot(
        `golden/${form}.txt`,
      )
    },
  )

  it('gives recommend no verb that writes to a workload', async () => {
    const written = rbacLines(await render(FORMS.recommend!)).filter((line) =>
      /\b(create|update|patch|delete|deletecollection|\*)\b/.test(line),
    )
    expect(written).toEqual([
      'everywhere: events.k8s.io/events create patch',
      'everywhere: forescale.dev/budgets/status patch',
      'everywhere: forescale.dev/scalingpolicies/status patch',
    ])
  })

  it.each(Object.keys(FORMS))(
    'writes a configuration for form %s that Forescale takes',
    async (form) => {
      const { data } = find(await render(FORMS[form]!), 'ConfigMap')
      const config = loadConfigText(data['forescale.yaml'])
      const { mode = 'recommend' } = FORMS[form] as { mode?: string }
      expect(config).toMatchObject({
        mode,
        actuator: { kind: 'kubernetes' },
        http: { auth: { required: true } },
      })
    },
  )

  it('lets nothing in the pod write but state and scratch files', async () => {
    for (const form of Object.keys(FORMS)) {
      const { spec } = find(await render(FORMS[form]!), 'Deployment').spec.template
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const container of [...spec.containers, ...spec.initContainers]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        const writable = container.volumeMounts.filter((m: { readOnly?: boolean }) => !m.readOnly)
        expect(writable.map((m: { mountPath: string }) => m.mountPath)).toEqual(['/state', '/tmp'])
      }
      // the variables that Kubernetes makes of Services would be read as settings
      expect(spec.enableServiceLinks).toBe(false)
    }
  })

  it('asks the process whether it lives and the API whether it is ready', async () => {
    const [container] = find(await render({}), 'Deployment').spec.template.spec.containers
    expect(container.livenessProbe.httpGet.path).toBe('/livez')
    expect(container.readinessProbe.httpGet.path).toBe('/readyz')
    expect(container.startupProbe.httpGet.path).toBe('/livez')
  })

  it('lets several controllers elect a leader, spread out, disturbed one at a time', async () => {
    const manifests = await render(FORMS.everything!)
    const { leader, ledger } = parse(find(manifests, 'ConfigMap').data['forescale.yaml'])
    expect(leader).toEqual({
      election: true,
      lease: { kind: 'kubernetes', namespace: 'forescale', name: FULL_NAME },
    })
    expect(ledger).toMatchObject({ kind: 'postgresql' })
    expect(find(manifests, 'PodDisruptionBudget').spec.maxUnavailable).toBe(1)
    expect(find(manifests, 'Deployment').spec.template.spec.affinity.podAntiAffinity).toBeDefined()
    expect(manifests.some(({ kind }) => kind === 'PersistentVolumeClaim')).toBe(false)
  })

  it('puts the rules and dashboards of this repository into objects', async () => {
    const manifests = await render(FORMS.everything!)
    const rules = parse(text('deploy/prometheus/rules.yml'))
    const urls = (groups: typeof rules.groups) =>
      groups.flatMap((g: typeof rules) =>
        g.rules.map((r: typeof rules) => r.annotations.runbook_url),
      )
    const { groups } = find(manifests, 'PrometheusRule').spec
    expect(urls(groups)).toEqual(
      urls(rules.groups).map((url: string) => `https://runbooks.example/${url}`),
    )
    expect(groups.map((g: typeof rules) => g.rules.map((r: typeof rules) => r.expr))).toEqual(
      rules.groups.map((g: typeof rules) => g.rules.map((r: typeof rules) => r.expr)),
    )
    const dashboards = manifests.filter(({ metadata }) => metadata.name.endsWith('-dashboard'))
    const shipped = names('deploy/grafana/dashboards/*.json')
    expect(dashboards.flatMap(({ data }) => Object.keys(data)).sort()).toEqual(shipped)
    for (const { data } of dashboards)
      for (const [file, json] of Object.entries(data))
        expect(JSON.parse(json as string)).toEqual(
          JSON.parse(text(`deploy/grafana/dashboards/${file}`)),
        )
  })

  it('registers the metrics APIs only when asked, one APIService a version, with who signed', async () => {
    const registered = (manifests: Manifest[]) =>
      manifests.filter(({ kind }) => kind === 'APIService').map(({ metadata }) => metadata.name)
    expect(registered(await render({}))).toEqual([])
    const everything = await render(FORMS.everything!)
    expect(registered(everything).sort()).toEqual([
      'v1beta1.custom.metrics.k8s.io',
      'v1beta1.external.metrics.k8s.io',
      'v1beta2.custom.metrics.k8s.io',
    ])
    const { data } = find(everything, 'Secret', `${FULL_NAME}-tls`)
    for (const { kind, spec } of everything)
      if (kind === 'APIService') expect(spec.caBundle).toBe(data['ca.crt'])
  })

  it("makes Kustomize's base of the chart with its own values (sh deploy/helm/sync.sh)", async () => {
    const base = manifestsOf(text('deploy/kustomize/base/forescale.yaml'))
    const rendered = await render({ fullnameOverride: 'forescale' })
    const told = /^(app\.kubernetes\.io\/(managed-by|instance)|helm\.sh\/)/
    const plain = (objects: readonly Manifest[]) =>
      objects.map(({ metadata: { annotations: _, labels = {}, ...metadata }, ...object }) => ({
        ...object,
        metadata,
        labels: Object.keys(labels).filter((key) => !told.test(key)),
      }))
    const withInstance = JSON.parse(
      JSON.stringify(plain(rendered)).replaceAll(
        `"app.kubernetes.io/instance":"${RELEASE}"`,
        '"app.kubernetes.io/instance":"forescale"',
      ),
    )
    expect(plain(base)).toEqual(withInstance)
  })

  it.each([
    [{ replicas: 2 }, /more than one controller needs a ledger that they share/],
    [{ replicas: 0 }, /minimum/],
    [{ metricsApi: { enabled: true } }, /need a certificate/],
    [{ tls: { mode: 'certManager' } }, /tls.issuerRef.name/],
    [{ mode: 'act' }, /mode/],
    [{ config: { mode: 'enforce' } }, /config/],
    [{ settings: { enabled: false } }, /names at least one service/],
    [{ replica: 2 }, /replica/],
    [{ image: { digest: 'latest' } }, /digest/],
  ])('refuses %j and says why', async (values, why) => {
    await expect(render(values)).rejects.toThrow(why)
  })
})
