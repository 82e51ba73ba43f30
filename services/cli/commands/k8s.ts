/** `forescale k8s`: what a cluster needs to follow Forescale, and whether what it has will. */
import type { Command } from 'commander'
import type { Surroundings } from '../terminal.ts'
import { addApiService } from './k8s-api-service.ts'
import { addDoctor } from './k8s-doctor.ts'
import { addLearn } from './k8s-learn.ts'
import { addManifest } from './k8s-manifest.ts'
import { addRightSizeRequests } from './k8s-right-size.ts'
import { addK8sStatus } from './k8s-status.ts'
import { addWorkloadCommands } from './k8s-workloads.ts'

const EXAMPLES = `
Examples:
  forescale k8s manifest search                      an HPA for the service, of what was learned of it
  forescale k8s manifest search --road keda-prometheus | kubectl apply -f -
  forescale k8s doctor hpa.yaml                      which decisions this HPA would swallow
  forescale k8s doctor --namespace shop search       the same of what the cluster has
  forescale k8s right-size search                    CPU and memory that its containers should request

Which road to choose: docs/kubernetes.md.`

export function addK8s(program: Command, around: Surroundings, done: (code: number) => void): void {
  const group = program
    .command('k8s')
    .helpGroup('Prepare:')
    .description(
      'manifests of the roads into a Kubernetes cluster, a doctor for them, and what its history tells',
    )
    .addHelpText('after', EXAMPLES)
  addManifest(group, around, done)
  addLearn(group, around, done)
  addDoctor(group, around, done)
  addRightSizeRequests(group, around, done)
  addApiService(group, around, done)
  addK8sStatus(group, around, done)
  addWorkloadCommands(group, around, done)
}
