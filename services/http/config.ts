/** Settings of the API's door. */
import { z } from 'zod'
import { Network } from '../../datasets/outbound/networks.ts'
import { AuthConfig, LimitsConfig } from '../access/config.ts'

export const TlsConfig = z
  .strictObject({
    certFile: z.string().min(1).meta({ description: 'PEM, with the chain.' }),
    keyFile: z.string().min(1).meta({ description: 'PEM.' }),
    clientCaFile: z.string().min(1).optional().meta({
      description: 'PEM; clients must show a certificate that it signed (mutual TLS).',
    }),
  })
  .meta({
    id: 'TlsConfig',
    description: 'HTTPS with HTTP/2; files are read again when they change.',
  })
export type TlsConfig = z.infer<typeof TlsConfig>

export const HttpConfig = z
  .strictObject({
    host: z.string().default('127.0.0.1'),
    port: z
      .int()
      .min(0)
      .max(65535)
      .default(8080)
      .meta({ description: 'FORESCALE_PORT overrides it.' }),
    allowedHosts: z.array(z.string().min(1)).default([]).meta({
      description:
        'Host names that are answered beside loopback and `host`; others are refused (DNS rebinding).',
    }),
    corsOrigins: z
      .array(
        z
          .string()
          .regex(/^https?:\/\/[^\s/@*]+$/, 'must be an origin such as https://grafana.example'),
      )
      .default([])
      .meta({
        description: 'Origins whose pages may call the API with a key or token of their own.',
      }),
    trustedProxies: z
      .array(Network)
      .default([])
      .meta({ description: 'Whose X-Forwarded-For is believed; of all others it is ignored.' }),
    tls: TlsConfig.optional(),
    auth: AuthConfig.prefault({}),
    limits: LimitsConfig.prefault({}),
  })
  .meta({ id: 'HttpConfig' })
export type HttpConfig = z.infer<typeof HttpConfig>
