/** Settings of the metrics APIs that the cluster's API server asks us for. Absent: nothing is served. */
import { z } from 'zod'

export const METRIC_APIS = ['external', 'custom'] as const

const HeaderNames = z.array(z.string().min(1)).min(1)

export const RequestHeaderConfig = z
  .strictObject({
    caFile: z.string().min(1).meta({ description: "PEM; who signs the API server's certificate." }),
    allowedNames: z.array(z.string().min(1)).default(['front-proxy-client']).meta({
      description: 'Common names of that certificate; empty: any that the CA signed.',
    }),
    usernameHeaders: HeaderNames.default(['X-Remote-User']),
    groupHeaders: HeaderNames.default(['X-Remote-Group']),
    extraHeaderPrefixes: HeaderNames.default(['X-Remote-Extra-']),
  })
  .meta({ id: 'RequestHeaderConfig' })
export type RequestHeaderConfig = z.infer<typeof RequestHeaderConfig>

export const MetricsApiConfig = z
  .strictObject({
    host: z.string().min(1).default('0.0.0.0').meta({
      description: 'Whoever calls is authenticated and authorised by the cluster.',
    }),
    port: z.int().min(0).max(65535).default(6443),
    tls: z
      .strictObject({
        certFile: z.string().min(1).meta({ description: 'PEM, with the chain.' }),
        keyFile: z.string().min(1).meta({ description: 'PEM.' }),
        caFile: z.string().min(1).optional().meta({
          description: 'PEM; who signed the certificate, for the registration. Left out: itself.',
        }),
      })
      .meta({
        id: 'MetricsApiTlsConfig',
        description:
          'The certificate must name <service>.<namespace>.svc; it is read again when it changes.',
      }),
    apis: z
      .array(z.enum(METRIC_APIS))
      .min(1)
      .default([...METRIC_APIS])
      .meta({
        description:
          'A cluster has one server for each: where KEDA serves external metrics, leave custom alone here.',
      }),
    service: z
      .strictObject({
        namespace: z.string().min(1).default('forescale'),
        name: z.string().min(1).default('forescale-metrics'),
        port: z.int().min(1).max(65535).default(443),
      })
      .prefault({})
      .meta({
        id: 'MetricsApiServiceConfig',
        description: 'The Service by which the API server finds us; what is registered.',
      }),
    requestHeader: RequestHeaderConfig.optional().meta({
      description:
        'Whom to believe who calls. Left out: read from the ConfigMap kube-system/extension-apiserver-authentication, and followed.',
    }),
    reviewCacheMs: z.int().min(0).max(300_000).default(10_000).meta({
      description: "For how long the cluster's answer about a caller is kept, ms.",
    }),
  })
  .meta({ id: 'MetricsApiConfig' })
export type MetricsApiConfig = z.infer<typeof MetricsApiConfig>
