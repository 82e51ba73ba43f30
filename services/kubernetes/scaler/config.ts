/** Settings of the external scaler that KEDA asks by gRPC. Absent: there is none. */
import { z } from 'zod'

export const ScalerConfig = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').meta({
      description: 'In a pod 0.0.0.0. Without tls.clientCaFile whoever reaches it may ask.',
    }),
    port: z.int().min(0).max(65535).default(9443),
    tls: z
      .strictObject({
        certFile: z.string().min(1).meta({ description: 'PEM, with the chain.' }),
        keyFile: z.string().min(1).meta({ description: 'PEM.' }),
        clientCaFile: z.string().min(1).optional().meta({
          description: 'PEM; callers must show a certificate that it signed (mutual TLS).',
        }),
      })
      .optional()
      .meta({ id: 'ScalerTlsConfig', description: 'Files are read again when they change.' }),
    heartbeatMs: z.int().min(100).default(30_000).meta({
      description:
        'An open stream of activity says so often what it said last; one that is silent for longer is dead.',
    }),
  })
  .meta({ id: 'KedaScalerConfig' })
export type ScalerConfig = z.infer<typeof ScalerConfig>
