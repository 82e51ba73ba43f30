/** What the configuration says of where decisions are carried out. */
import { z } from 'zod'
import { ServerUrl } from '../../datasets/outbound/config.ts'
import { ServiceId } from '../../forecaster/series.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

const endpoint = ServerUrl.optional().meta({
  description: "Address of the API; left out: the vendor's own.",
})

const times = {
  deadlineMs: z
    .int()
    .min(100)
    .max(MINUTE_MS)
    .default(10 * SECOND_MS)
    .meta({ description: 'Longest look at one target, or change of it, retries included, ms.' }),
  releaseWaitMs: z
    .int()
    .min(0)
    .max(10 * MINUTE_MS)
    .default(30 * SECOND_MS)
    .meta({
      description:
        'How long increases wait for what decreases of the same tick let go, ms; then they fail, and the next tick decides anew.',
    }),
}

export const DockerActuatorConfig = z
  .strictObject({
    kind: z.literal('docker'),
    endpoint: z
      .string()
      .regex(/^(unix:\/\/\/|tcp:\/\/|https?:\/\/)\S+$/, 'must be unix:///…, tcp://… or http(s)://…')
      .default('unix:///var/run/docker.sock')
      .meta({ description: "The engine's socket or address." }),
    tls: z
      .strictObject({
        caFile: z.string().min(1),
        certFile: z.string().min(1),
        keyFile: z.string().min(1),
      })
      .optional()
      .meta({ description: 'For an engine on TCP that asks for a client certificate.' }),
    project: z.string().min(1).meta({ description: 'Name of the Compose project.' }),
    targets: z.record(ServiceId, z.string().min(1)).default({}).meta({
      description: 'Compose service of each of our services; left out: of the same name.',
    }),
    stopSeconds: z.int().min(0).max(600).default(10).meta({
      description: 'Grace of a container to end by itself.',
    }),
    ...times,
  })
  .meta({ id: 'DockerActuatorConfig' })
export type DockerActuatorConfig = z.infer<typeof DockerActuatorConfig>

const EcsTarget = z
  .strictObject({
    kind: z.literal('ecs'),
    cluster: z.string().min(1).default('default'),
    service: z.string().min(1),
  })
  .meta({ id: 'EcsTarget' })
export type EcsTarget = z.infer<typeof EcsTarget>

const AutoScalingTarget = z
  .strictObject({ kind: z.literal('auto-scaling-group'), name: z.string().min(1) })
  .meta({ id: 'AutoScalingTarget' })
export type AutoScalingTarget = z.infer<typeof AutoScalingTarget>

export const AwsActuatorConfig = z
  .strictObject({
    kind: z.literal('aws'),
    region: z.string().min(1).optional().meta({
      description: 'Left out: AWS_REGION, or the profile’s.',
    }),
    endpoint,
    targets: z
      .record(ServiceId, z.discriminatedUnion('kind', [EcsTarget, AutoScalingTarget]))
      .meta({ description: 'ECS service or Auto Scaling group of each service.' }),
    ...times,
  })
  .meta({ id: 'AwsActuatorConfig' })
export type AwsActuatorConfig = z.infer<typeof AwsActuatorConfig>

const ManagedGroupTarget = z
  .strictObject({
    group: z.string().min(1),
    zone: z.string().min(1).optional(),
    region: z.string().min(1).optional(),
  })
  .refine(({ zone, region }) => (zone === undefined) !== (region === undefined), {
    error: 'needs zone or region, not both: a managed instance group is zonal or regional',
    path: ['zone'],
  })
  .meta({ id: 'ManagedGroupTarget' })
export type ManagedGroupTarget = z.infer<typeof ManagedGroupTarget>

export const GcpActuatorConfig = z
  .strictObject({
    kind: z.literal('gcp'),
    project: z.string().min(1),
    endpoint,
    targets: z.record(ServiceId, ManagedGroupTarget).meta({
      description: 'Managed instance group of each service.',
    }),
    ...times,
  })
  .meta({ id: 'GcpActuatorConfig' })
export type GcpActuatorConfig = z.infer<typeof GcpActuatorConfig>

const ScaleSetTarget = z
  .strictObject({ resourceGroup: z.string().min(1), scaleSet: z.string().min(1) })
  .meta({ id: 'ScaleSetTarget' })
export type ScaleSetTarget = z.infer<typeof ScaleSetTarget>

export const AzureActuatorConfig = z
  .strictObject({
    kind: z.literal('azure'),
    subscriptionId: z.string().min(1),
    endpoint,
    targets: z.record(ServiceId, ScaleSetTarget).meta({
      description: 'Virtual machine scale set of each service.',
    }),
    ...times,
  })
  .meta({ id: 'AzureActuatorConfig' })
export type AzureActuatorConfig = z.infer<typeof AzureActuatorConfig>
