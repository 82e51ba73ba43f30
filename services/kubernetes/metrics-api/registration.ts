/**
 * How the cluster is told that we serve the metrics APIs: an APIService for each group and version, with the authority
 * that signed our certificate, and the Service that it names. Nothing of it is applied unless somebody asks for it.
 */
import { X509Certificate } from 'node:crypto'
import { readSetting } from '../../follow-files.ts'
import type { MetricsApiConfig } from './config.ts'
import { GROUPS, type MetricApi } from './groups.ts'

/** As the servers that are usual for these groups have it; of two versions the newer is preferred. */
const GROUP_PRIORITY = 100
const VERSION_PRIORITY = 100

export const apiServicePath = (name: string): string =>
  `/apis/apiregistration.k8s.io/v1/apiservices/${name}`

/** The names of what is registered: `v1beta1.external.metrics.k8s.io`. */
export function apiServiceNames(apis: readonly MetricApi[]): string[] {
  return apis.flatMap((api) =>
    GROUPS[api].versions.map((version) => `${version}.${GROUPS[api].group}`),
  )
}

export interface ApiService {
  readonly apiVersion: 'apiregistration.k8s.io/v1'
  readonly kind: 'APIService'
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: object
}

/** `caBundle` is PEM; the API server refuses a certificate that it did not sign. */
export function apiServices(
  { apis, service }: Pick<MetricsApiConfig, 'apis' | 'service'>,
  caBundle: string,
): ApiService[] {
  return apis.flatMap((api) => {
    const { group, versions } = GROUPS[api]
    return versions.map(
      (version, place): ApiService => ({
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: {
          name: `${version}.${group}`,
          labels: { 'app.kubernetes.io/name': 'forescale' },
        },
        spec: {
          group,
          version,
          groupPriorityMinimum: GROUP_PRIORITY,
          versionPriority: VERSION_PRIORITY - place,
          service: { ...service },
          caBundle: Buffer.from(caBundle).toString('base64'),
        },
      }),
    )
  })
}

/** The authority in the configured files: `caFile`, or the last certificate of the chain, which may be the only one. */
export function caBundleOf({ tls }: Pick<MetricsApiConfig, 'tls'>): string {
  if (tls.caFile !== undefined) return readSetting(tls.caFile, 'kubernetes.metricsApi.tls.caFile')
  const chain = readSetting(tls.certFile, 'kubernetes.metricsApi.tls.certFile')
  return chain.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g)?.at(-1) ?? ''
}

/** What the API server will find wrong with the certificate; undefined: nothing. It asks for the Service's name. */
export function certificateFault({ tls, service }: MetricsApiConfig, nowMs: number) {
  const certificate = new X509Certificate(
    readSetting(tls.certFile, 'kubernetes.metricsApi.tls.certFile'),
  )
  const name = `${service.name}.${service.namespace}.svc`
  if (certificate.checkHost(name) === undefined)
    return `the certificate does not name ${name}; it names ${certificate.subjectAltName ?? 'nobody'}`
  if (Date.parse(certificate.validTo) <= nowMs)
    return `the certificate expired ${certificate.validTo}`
  return undefined
}
