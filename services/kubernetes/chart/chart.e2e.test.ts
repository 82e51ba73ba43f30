/**
 * The chart on a real control plane: the API server takes every object (server-side dry run), each form's account may do
 * what its golden list says and nothing else, and the controller's own code does its work with it.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../clock.ts'
import { AppConfig } from '../../config.ts'
import { createClusterApi } from '../api.ts'
import { createKubernetesLeaseStore } from '../leases/lease-store.ts'
import { createReviews } from '../metrics-api/reviews.ts'
import { openTarget, type Target } from '../target/target.ts'
import {
  CONTROL_PLANE_HERE,
  programOf,
  startControlPlane,
  type TestControlPlane,
} from '../test-control-plane.ts'
import { type Access, type ClusterResource, linesOf, openAccess } from './test-access.ts'
import {
  CHART,
  FORMS,
  FULL_NAME,
  HELM_HERE,
  helm,
  manifestsOf,
  NAMESPACE,
  rbacLines,
  render,
  renderText,
} from './test-chart.ts'
import { startController } from './test-controller.ts'

const NAMESPACES = [NAMESPACE, 'shop', 'kube-system']
/** Definitions of operators' kinds (install-crds.sh); where they are not, objects of these kinds are left out. */
const OPERATOR_CRDS = programOf('../crds')
const OPERATORS_HERE = existsSync(path.join(OPERATOR_CRDS, 'complete'))
const OPERATED = /^(monitoring\.coreos\.com|cert-manager\.io|argoproj\.io)\//
const SETTINGS = ['forescale.dev/enabled=true', 'forescale.dev/max-replicas=many']
const BUDGET = {
  apiVersion: 'forescale.dev/v1alpha1',
  kind: 'Budget',
  metadata: { name: 'cluster' },
  spec: { costPerHour: 5 },
}
const NAMED = Object.keys(FORMS)
const goldenOf = (form: string) =>
  readFile(path.join(import.meta.dirname, 'golden', `${form}.txt`), 'utf8')
/** Rights are reviewed whether or not the kind is there. */
const NOT_INSTALLED: ClusterResource[] = [
  ...['scaledobjects', 'scaledobjects/status', 'triggerauthentications'].map((resource) => ({
    ...{ group: 'keda.sh', resource, namespaced: true },
  })),
  { group: 'autoscaling.k8s.io', resource: 'verticalpodautoscalers', namespaced: true },
  { group: 'argoproj.io', resource: 'rollouts', namespaced: true },
  { group: 'argoproj.io', resource: 'rollouts/scale', namespaced: true },
]

describe.runIf(CONTROL_PLANE_HERE && HELM_HERE)('the chart on a real control plane', () => {
  let plane: TestControlPlane
  let access: Access
  let resources: ClusterResource[]
  /** What every account may do. */
  let anybody: Set<string>
  beforeAll(async () => {
    plane = await startControlPlane()
    for (const name of ['forescale', 'shop', 'search'])
      await plane.kubectl('create', 'namespace', name)
    await plane.kubectl('create', 'namespace', 'argocd')
    await plane.kubectl('apply', '-f', `${CHART}/crds`)
    // longer than the annotation that a client-side apply keeps
    if (OPERATORS_HERE) await plane.kubectl('apply', '--server-side', '-f', OPERATOR_CRDS)
    await plane.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s')
    await plane.kubectl(
      ...'create deployment web -n shop --image=none.invalid/web --replicas=2'.split(' '),
    )
    access = await openAccess(plane)
    resources = [...(await access.resources()), ...NOT_INSTALLED]
    anybody = await access.allowed(`${NAMESPACE}/anybody`, resources, NAMESPACES)
  })
  afterAll(async () => {
    await access?.close()
    await plane?.stop()
  })

  const ours = async (form: string) =>
    (await render(FORMS[form]!)).filter(
      ({ apiVersion }) => OPERATORS_HERE || !OPERATED.test(apiVersion),
    )
  const asYaml = (objects: readonly object[]) =>
    objects.map((o) => JSON.stringify(o)).join('\n---\n')

  it.each(NAMED)('takes every object of form %s, with strict fields', async (form) => {
    const objects = await ours(form)
    const told = await plane.apply(asYaml(objects), '--dry-run=server', '--validate=strict')
    expect(
      told
        .trim()
        .split('\n')
        .filter((line) => line.includes('server dry run')),
    ).toHaveLength(objects.length)
  })

  it('takes them with a certificate of cert-manager as well', async () => {
    const values = {
      tls: { mode: 'certManager', issuerRef: { name: 'cluster', kind: 'ClusterIssuer' } },
      metricsApi: { enabled: true, apis: ['custom'] },
    }
    const objects = (await render(values)).filter(
      ({ apiVersion }) => OPERATORS_HERE || !OPERATED.test(apiVersion),
    )
    await plane.apply(asYaml(objects), '--dry-run=server', '--validate=strict')
  })

  it.each(['recommend', 'enforce'])(
    'takes what kubectl kustomize makes of overlay %s',
    async (overlay) => {
      const text = await plane.kubectl('kustomize', `deploy/kustomize/overlays/${overlay}`)
      await plane.apply(text, '--dry-run=server', '--validate=strict')
      const everywhere = (lines: readonly string[]) =>
        lines.filter((line) => line.startsWith('everywhere')).sort()
      const golden = everywhere((await goldenOf(overlay)).split('\n'))
      expect(everywhere(rbacLines(manifestsOf(text)))).toEqual(golden)
    },
  )

  it.runIf(OPERATORS_HERE).each(['deploy/argocd', 'deploy/argo-rollouts'])(
    'takes the examples of %s, with strict fields',
    async (folder) => {
      await plane.kubectl('apply', '-f', folder, '--dry-run=server', '--validate=strict')
    },
  )

  it.each(NAMED)('runs form %s under the restricted standard for pods', async (form) => {
    const namespace = `restricted-${form}`
    await plane.kubectl('create', 'namespace', namespace)
    const label = 'pod-security.kubernetes.io/enforce=restricted'
    await plane.kubectl('label', 'namespace', namespace, label)
    const deployment = (await render(FORMS[form]!)).find(({ kind }) => kind === 'Deployment')!
    const { metadata, spec } = deployment.spec.template
    const named = { ...metadata, name: 'forescale', namespace }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: named, spec }
    await plane.apply(asYaml([pod]), '--dry-run=server')
    const allowing = { ...spec.containers[0], securityContext: {} }
    await expect(
      plane.apply(
        asYaml([{ ...pod, spec: { ...spec, containers: [allowing] } }]),
        '--dry-run=server',
      ),
    ).rejects.toThrow(/violates PodSecurity/)
  })

  /** Roles of a form are there while `work` runs, and only they. */
  async function withRoles(form: string, work: () => Promise<void>): Promise<void> {
    const roles = asYaml((await ours(form)).filter(({ kind }) => /Role|ServiceAccount/.test(kind)))
    await plane.apply(roles)
    try {
      await work()
    } finally {
      const file = path.join(plane.dir, 'roles.yaml')
      await writeFile(file, roles)
      await plane.kubectl('delete', '-f', file, '--wait=true')
    }
  }

  it.each(NAMED)(
    'allows the account of form %s its golden list, and denies all else',
    async (form) => {
      await withRoles(form, async () => {
        const allowed = await access.allowed(`${NAMESPACE}/${FULL_NAME}`, resources, NAMESPACES)
        const golden = await readFile(
          path.join(import.meta.dirname, 'golden', `${form}.txt`),
          'utf8',
        )
        const expected = linesOf(golden, resources, NAMESPACES)
        expect(expected.size).toBeGreaterThan(10)
        const beyond = [...allowed].filter((line) => !anybody.has(line))
        expect(beyond.sort()).toEqual([...expected].sort())
      })
    },
  )

  it('keeps rules for single names to those names', async () => {
    await withRoles('everything', async () => {
      const may = (verb: string, resource: string, name: string, namespace = NAMESPACE) => {
        const group = resource === 'leases' ? 'coordination.k8s.io' : ''
        return access.may(`${NAMESPACE}/${FULL_NAME}`, { verb, group, resource, name, namespace })
      }
      expect(await may('update', 'leases', FULL_NAME)).toBe(true)
      expect(await may('update', 'leases', 'kube-controller-manager')).toBe(false)
      expect(await may('update', 'leases', FULL_NAME, 'kube-system')).toBe(false)
      expect(await may('watch', 'configmaps', 'forescale-settings')).toBe(true)
      expect(await may('watch', 'configmaps', 'other')).toBe(false)
      expect(
        await may('get', 'configmaps', 'extension-apiserver-authentication', 'kube-system'),
      ).toBe(true)
      expect(await may('get', 'secrets', 'forescale-postgresql')).toBe(false)
    })
  })

  /** A kubeconfig with a token of the release's account. */
  async function asAccount(): Promise<string> {
    const token = await plane.kubectl('create', 'token', FULL_NAME, '-n', NAMESPACE)
    const cluster = {
      server: plane.url,
      'certificate-authority': path.join(plane.dir, 'apiserver/apiserver.crt'),
    }
    const file = path.join(plane.dir, 'account.kubeconfig')
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'account' },
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'account', user: { token: token.trim() } }],
      contexts: [{ name: 'account', context: { cluster: 'test', user: 'account' } }],
    }
    await writeFile(file, JSON.stringify(config))
    return file
  }

  async function targetAs(kubeconfig: string): Promise<Target> {
    const config = AppConfig.parse({
      mode: 'enforce',
      actuator: { kind: 'kubernetes' },
      kubernetes: {
        kubeconfig,
        namespaces: ['shop'],
        workloads: { web: { namespace: 'shop', name: 'web' } },
      },
      services: { web: {} },
    })
    const log = { info: () => {}, warn: () => {} }
    return openTarget({ config: () => config, modes: () => undefined, clock: systemClock, log })
  }

  it('gives enforce what scaling needs, and recommend what looking needs', async () => {
    const order = (decisionId: string, to: number) => ({
      ...{ decisionId, service: 'web', from: 2, to },
      fence: { ledger: 'ledger', token: 1 },
    })
    const replicas = () =>
      plane.kubectl('get', 'deployment', 'web', '-n', 'shop', '-o', 'jsonpath={.spec.replicas}')
    await withRoles('recommend', async () => {
      const target = await targetAs(await asAccount())
      expect((await target.observe()).get('web')).toMatchObject({ requested: 2 })
      expect(await target.send(order('refused', 3))).toMatchObject({
        outcome: 'failed',
        detail: expect.stringMatching(/forbidden/),
      })
      expect(await replicas()).toBe('2')
      await target.close()
    })
    await withRoles('enforce', async () => {
      const target = await targetAs(await asAccount())
      expect((await target.observe()).get('web')).toMatchObject({ requested: 2 })
      expect(await target.send(order('taken', 3))).toMatchObject({ outcome: 'applied' })
      await target.close()
      expect(await replicas()).toBe('3')
      const events = await plane.kubectl('get', 'events.events.k8s.io', '-n', 'shop', '-o', 'json')
      expect(events).toContain('"reason": "Scaled"')
    })
  })

  it('gives several controllers their lease, and the metrics APIs their questions', async () => {
    await withRoles('everything', async () => {
      const config = new KubeConfig()
      config.loadFromFile(await asAccount())
      const api = createClusterApi(config)
      const store = createKubernetesLeaseStore({
        ...{ api, namespace: NAMESPACE, name: FULL_NAME },
        ...{ durationMs: 15_000, timeoutMs: 5000, floor: async () => 0, nowMs: Date.now },
      })
      const row = { token: 1, holder: 'a', url: '', renewals: 1 }
      expect(await store.swap(undefined, row)).toBe(true)
      expect(await store.swap(row, { ...row, renewals: 2 })).toBe(true)
      const reviews = createReviews({ api, keepMs: 0, nowMs: Date.now })
      expect(await reviews.userOf('nobody')).toBeUndefined()
      await api.close()
    })
  })

  it('runs the controller as the chart configures it: it finds what is annotated, and nothing is forbidden to it', async () => {
    await plane.kubectl('annotate', 'deployment', 'web', '-n', 'shop', '--overwrite', ...SETTINGS)
    await plane.apply(asYaml([BUDGET]))
    const written = () =>
      plane.kubectl(
        'get',
        'deployment',
        'web',
        '-n',
        'shop',
        '-o',
        'jsonpath={.metadata.annotations} {.spec}',
      )
    const before = await written()
    await withRoles('recommend', async () => {
      const controller = await startController(await render({}), await asAccount())
      try {
        expect(await controller.get('/readyz')).toMatchObject({ status: 'ready' })
        const services = async () => JSON.stringify(await controller.get('/v1/services'))
        await expect.poll(services, { timeout: 30_000 }).toContain('"shop--web"')
        const counted = [
          'get',
          'budget.forescale.dev',
          'cluster',
          '-o',
          'jsonpath={.status.services}',
        ]
        await expect.poll(() => plane.kubectl(...counted), { timeout: 30_000 }).toBe('1')
        // an annotation that cannot be read is told where its owner looks
        const events = () =>
          plane.kubectl('get', 'events.events.k8s.io', '-n', 'shop', '-o', 'json')
        await expect.poll(events, { timeout: 30_000 }).toContain('"reason": "SettingsRefused"')
      } finally {
        await controller.stop()
      }
      expect(controller.log()).not.toMatch(/forbidden|permission is missing/i)
      expect(await written()).toBe(before)
    })
  })

  it('is installed, upgraded and taken out: its certificate is kept, and so is what it knew', async () => {
    const values = (mode: string) => ({
      mode,
      tls: { mode: 'generated' },
      metricsApi: { enabled: true, apis: ['custom'] },
    })
    const get = (what: string, field: string, ...where: string[]) =>
      plane.kubectl('get', what, ...where, '-o', `jsonpath={${field}}`)
    const certificate = () => get(`secret/${FULL_NAME}-tls`, '.data', '-n', NAMESPACE)
    expect(await helm(plane.kubeconfig, 'install', values('recommend'))).toContain(
      'it decides and records, and changes nothing',
    )
    const made = await certificate()
    await helm(plane.kubeconfig, 'upgrade', values('enforce'))
    expect(await certificate()).toBe(made)
    const bundle = await get('apiservice/v1beta2.custom.metrics.k8s.io', '.spec.caBundle')
    expect(bundle).toBe(JSON.parse(made)['ca.crt'])
    expect(await get(`configmap/${FULL_NAME}`, '.data', '-n', NAMESPACE)).toContain('mode: enforce')
    await helm(plane.kubeconfig, 'uninstall')
    expect(
      await get('deployment,service,clusterrole', '.items[*].metadata.name', '-n', NAMESPACE),
    ).not.toContain(FULL_NAME)
    expect(await get('pvc', '.items[*].metadata.name', '-n', NAMESPACE)).toBe(FULL_NAME)
    expect(await get('crd', '.items[*].metadata.name')).toContain('scalingpolicies.forescale.dev')
  })

  it('renders the same text twice, but for the certificate that it makes', async () => {
    expect(await renderText(FORMS.namespaced!)).toBe(await renderText(FORMS.namespaced!))
  })
})
