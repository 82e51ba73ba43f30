/**
 * How the cluster is reached: as its own pods reach it, or by a kubeconfig file. The library signs in (tokens, client
 * certificates, exec plug-ins) and reads a service account's token again as it is rotated. It is loaded by who connects: it
 * takes about a second.
 */
import { existsSync } from 'node:fs'
import type { KubeConfig } from '@kubernetes/client-node'
import type { KubernetesConfig } from './config.ts'

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** The cluster cannot be reached as the configuration says. */
export class ClusterError extends Error {
  override name = 'ClusterError'
}

/** Rejects with a ClusterError that names the file or the context that is not there. */
export async function connectCluster({
  kubeconfig,
  context,
}: Pick<KubernetesConfig, 'kubeconfig' | 'context'>): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  if (kubeconfig !== undefined) {
    if (!existsSync(kubeconfig))
      throw new ClusterError(`kubernetes.kubeconfig: there is no file ${kubeconfig}`)
    config.loadFromFile(kubeconfig)
  } else if (existsSync(SERVICE_ACCOUNT)) config.loadFromCluster()
  else config.loadFromDefault()
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name)
    if (!names.includes(context))
      throw new ClusterError(
        `kubernetes.context: "${context}" is not in the kubeconfig; there are ${names.join(', ')}`,
      )
    config.setCurrentContext(context)
  }
  return config
}
