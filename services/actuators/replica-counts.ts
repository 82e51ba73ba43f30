/** From a host's list of replicas to the counts that the controller reads. */
import type { HostedService } from '../shop/host-api.ts'
import type { ObservedReplicas } from './actuator.ts'

export function countReplicas(hosted: HostedService): ObservedReplicas {
  const inState = (state: string) => hosted.replicas.filter((r) => r.state === state).length
  return {
    requested: hosted.requested,
    ready: inState('ready'),
    starting: inState('starting'),
    terminating: inState('terminating'),
    recentStartupsMs: hosted.recentStartupsMs,
    lastDecisionId: hosted.lastDecisionId ?? undefined,
  }
}
