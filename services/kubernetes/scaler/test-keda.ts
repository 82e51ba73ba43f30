/**
 * KEDA itself for tests: its operator and its metrics adapter as processes beside the control plane, built by
 * install-keda.sh. Both are reached on loopback, by a Service of type ExternalName.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import getPort from 'get-port'
import { makeCertificate } from '../test-certificates.ts'
import { CONTROL_PLANE_HERE, programOf, type TestControlPlane } from '../test-control-plane.ts'

const PARTS = ['keda-operator', 'keda-adapter']
const CRDS = path.join(path.dirname(path.dirname(programOf('keda-operator'))), 'keda-crds')
export const KEDA_HERE =
  CONTROL_PLANE_HERE && existsSync(CRDS) && PARTS.every((name) => existsSync(programOf(name)))

const NAMESPACE = 'keda'

export interface TestKeda {
  stop(): Promise<void>
}

export async function startKeda(plane: TestControlPlane): Promise<TestKeda> {
  const certificates = path.join(plane.dir, 'keda')
  await makeCertificates(certificates)
  await plane.kubectl('create', 'namespace', NAMESPACE)
  // too long for the annotation that apply keeps on the client's side
  await plane.kubectl('apply', '--server-side', '-f', CRDS)
  const free = () => getPort({ host: '127.0.0.1' })
  const [service, metrics, probes, adapter, adapterMetrics] = [
    ...[await free(), await free(), await free(), await free(), await free()],
  ]
  const running = new Map<string, ChildProcess>()
  const start = (name: string, args: readonly string[]) => {
    const env = {
      ...{ PATH: process.env.PATH, HOME: plane.dir, KUBECONFIG: plane.kubeconfig },
      ...{ WATCH_NAMESPACE: '', POD_NAMESPACE: NAMESPACE },
      KEDA_CLUSTER_OBJECT_NAMESPACE: NAMESPACE,
    }
    const child = spawn(programOf(name), [...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const log = createWriteStream(path.join(plane.dir, `${name}.log`), { flags: 'a' })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    running.set(name, child)
  }
  start('keda-operator', [
    `--metrics-bind-address=127.0.0.1:${metrics}`,
    `--health-probe-bind-address=127.0.0.1:${probes}`,
    `--metrics-service-bind-address=127.0.0.1:${service}`,
    `--cert-dir=${certificates}`,
    '--enable-cert-rotation=false',
    '--enable-webhook-patching=false',
    '--enable-apiservice-patching=false',
  ])
  start('keda-adapter', [
    `--metrics-service-address=localhost:${service}`,
    `--cert-dir=${certificates}`,
    `--tls-cert-file=${certificates}/tls.crt`,
    `--tls-private-key-file=${certificates}/tls.key`,
    '--bind-address=127.0.0.1',
    `--secure-port=${adapter}`,
    `--port=${adapterMetrics}`,
    `--lister-kubeconfig=${plane.kubeconfig}`,
    `--authentication-kubeconfig=${plane.kubeconfig}`,
    `--authorization-kubeconfig=${plane.kubeconfig}`,
  ])
  await plane.apply(registration(adapter!))
  return {
    async stop() {
      for (const child of running.values()) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }
    },
  }
}

/** One certificate for both ends, as KEDA's chart has it. */
async function makeCertificates(dir: string): Promise<void> {
  await mkdir(dir)
  const ca = makeCertificate(dir, 'ca', { commonName: 'keda' })
  const { certFile, keyFile } = makeCertificate(dir, 'keda', {
    ...{ commonName: 'keda-operator', by: ca },
    subjectAltName: 'DNS:localhost,IP:127.0.0.1',
  })
  await copyFile(certFile, path.join(dir, 'tls.crt'))
  await copyFile(keyFile, path.join(dir, 'tls.key'))
}

const registration = (port: number): string => `
apiVersion: v1
kind: Service
metadata: {name: keda-metrics-apiserver, namespace: ${NAMESPACE}}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {namespace: ${NAMESPACE}, name: keda-metrics-apiserver, port: ${port}}
`
