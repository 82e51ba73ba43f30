/** moto's server (install-moto.sh) with an ECS service and an Auto Scaling group in it, on a free port of loopback. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  CreateLaunchConfigurationCommand,
} from '@aws-sdk/client-auto-scaling'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import getPort from 'get-port'

const FOLDER = process.env.FORESCALE_MOTO ?? path.join(homedir(), '.cache', 'forescale', 'moto')
const PROGRAM = path.join(FOLDER, 'bin', 'moto_server')
export const MOTO_HERE = existsSync(PROGRAM)
if (!MOTO_HERE)
  process.stderr.write(
    'AWS is left out: moto is not here (sh services/actuators/install-moto.sh)\n',
  )

export interface Moto {
  readonly url: string
  readonly ecs: ECSClient
  readonly autoScaling: AutoScalingClient
  stop(): Promise<void>
}

/** With ECS service shop/search of two tasks, and group auth of one instance that may have one to four. */
export async function startMoto(): Promise<Moto> {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-central-1',
  })
  const port = await getPort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(PROGRAM, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    )
  for (let i = 0; i < 300 && !(await answers()); i++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  const ecs = new ECSClient({ endpoint: url })
  const autoScaling = new AutoScalingClient({ endpoint: url })
  await ecs.send(new CreateClusterCommand({ clusterName: 'shop' }))
  const containerDefinitions = [{ name: 'web', image: 'web', memory: 64 }]
  await ecs.send(new RegisterTaskDefinitionCommand({ family: 'web', containerDefinitions }))
  const cluster = 'shop'
  const service = { cluster, serviceName: 'search', taskDefinition: 'web', desiredCount: 2 }
  await ecs.send(new CreateServiceCommand(service))
  // moto runs what is asked for when the service is changed, not when it is made
  await ecs.send(new UpdateServiceCommand({ cluster, service: 'search', desiredCount: 2 }))
  const LaunchConfigurationName = 'web'
  await autoScaling.send(
    new CreateLaunchConfigurationCommand({
      LaunchConfigurationName,
      ImageId: 'ami-12c6146b',
      InstanceType: 't3.micro',
    }),
  )
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: 'auth',
      LaunchConfigurationName,
      AvailabilityZones: ['eu-central-1a'],
      MinSize: 1,
      MaxSize: 4,
      DesiredCapacity: 1,
    }),
  )
  return {
    url,
    ecs,
    autoScaling,
    async stop() {
      ecs.destroy()
      autoScaling.destroy()
      child.kill()
      await ended
    },
  }
}
