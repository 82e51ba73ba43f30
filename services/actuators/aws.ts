/**
 * AWS: the desired count of ECS services and the desired capacity of EC2 Auto Scaling groups. Credentials and region are
 * found as every AWS tool finds them (environment, profile, role of the task or instance). Both hold our mark as tags;
 * AWS compares nothing when it writes, so between reading a newer leader's token and writing there is a gap of one call.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { Actuator } from './actuator.ts'
import { autoScalingTarget } from './aws/auto-scaling.ts'
import { ecsTarget } from './aws/ecs.ts'
import type { AutoScalingTarget, AwsActuatorConfig, EcsTarget } from './config.ts'
import { createFleet } from './fleet/fleet.ts'
import type { FleetTarget } from './fleet/target.ts'

const ATTEMPTS = 3

export interface AwsDeps {
  readonly warn: (service: ServiceId, problem: string) => void
}

export function createAws(config: AwsActuatorConfig, { warn }: AwsDeps): Actuator {
  const { region, endpoint, deadlineMs, releaseWaitMs } = config
  const settings = {
    maxAttempts: ATTEMPTS,
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint } : {}),
  }
  const targets = new Map(
    Object.entries(config.targets).map(([service, target]) => [
      service,
      targetOf(target, settings),
    ]),
  )
  return createFleet({ targets, deadlineMs, releaseWaitMs, warn })
}

export interface AwsSettings {
  readonly maxAttempts: number
  readonly region?: string
  readonly endpoint?: string
}

function targetOf(target: EcsTarget | AutoScalingTarget, settings: AwsSettings): FleetTarget {
  switch (target.kind) {
    case 'ecs':
      return ecsTarget(target, settings)
    case 'auto-scaling-group':
      return autoScalingTarget(target, settings)
  }
}
