/** `forescale k8s api-service`: prints how the cluster is told of our metrics APIs, and tells it when that is asked for. */
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { loadConfigFile } from '../../config-file.ts'
import type { ClusterApi } from '../../kubernetes/api.ts'
import type { MetricsApiConfig } from '../../kubernetes/metrics-api/config.ts'
import {
  type ApiService,
  apiServicePath,
  apiServices,
  caBundleOf,
  certificateFault,
} from '../../kubernetes/metrics-api/registration.ts'
import { act, configFileOf, configOption, jsonOption } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import type { Surroundings } from '../terminal.ts'

const FIELD_MANAGER = 'forescale'
const EXAMPLES = `
Examples:
  forescale k8s api-service                        the APIServices to apply, with who signed the certificate
  forescale k8s api-service | kubectl apply -f -
  forescale k8s api-service --apply                applies them, unless another server has the group (exit 6)

The groups and the Service are those of kubernetes.metricsApi. A cluster has one server for each group and version: what
KEDA or prometheus-adapter serves is never taken over.`

export function addApiService(
  group: Command,
  around: Surroundings,
  done: (code: number) => void,
): void {
  const command = group
    .command('api-service')
    .description('how the cluster is told of our metrics APIs: printed, or applied')
    .addOption(configOption())
    .addOption(new Option('--apply', 'register them in the cluster of the configuration'))
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
  act(command, around, done, async ({ terminal }, options) => {
    const { kubernetes } = loadConfigFile(configFileOf(options.config, around.env), around.env)
    const config = kubernetes?.metricsApi
    if (!config)
      throw new CommandFailure(
        EXIT.configInvalid,
        'the configuration has no kubernetes.metricsApi: nothing is served that could be registered',
      )
    const objects = apiServices(config, caBundleOf(config))
    const fault = certificateFault(config, around.nowMs())
    if (fault !== undefined) terminal.say(`warning: ${fault}`)
    if (options.apply) {
      const { connectCluster } = await import('../../kubernetes/connect.ts')
      const { createClusterApi } = await import('../../kubernetes/api.ts')
      const api = createClusterApi(await connectCluster(kubernetes))
      try {
        await register(api, config, objects, terminal.print)
      } finally {
        await api.close()
      }
    } else if (options.json) terminal.printJson(objects)
    else terminal.print(objects.map((object) => stringify(object)).join('---\n'))
    return undefined
  })
}

/** None of them where one is another's: half a registration would be hard to understand. */
export async function register(
  api: Pick<ClusterApi, 'request'>,
  config: MetricsApiConfig,
  objects: readonly ApiService[],
  say: (line: string) => void,
): Promise<void> {
  const { ownersOf } = await import('../../kubernetes/metrics-api/owner.ts')
  for (const [name, owner] of await ownersOf(api, config)) {
    if (owner.kind === 'unknown')
      throw new CommandFailure(EXIT.unreachable, `${name} cannot be looked at: ${owner.detail}`)
    if (owner.kind === 'other')
      throw new CommandFailure(
        EXIT.conflict,
        `${name} is served by ${owner.owner}; nothing was changed`,
        'leave it out of kubernetes.metricsApi.apis, or delete that APIService first',
      )
  }
  for (const object of objects) {
    await api.request('PATCH', apiServicePath(object.metadata.name), {
      body: object,
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: FIELD_MANAGER },
    })
    say(`${object.metadata.name} registered`)
  }
}
