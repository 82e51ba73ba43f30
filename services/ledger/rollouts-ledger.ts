/** What the ledger keeps of learned policies and rollouts: the registry, every rollout, and the units they are judged by. */
import type { PolicyDocument } from '../../agents/policies/learned/document.ts'
import type { Unit } from '../../coordinator/rollout/findings.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { PolicySource, PolicyVersion } from '../rollouts/policy-version.ts'
import type { NewRollout, Rollout, RolloutStage } from '../rollouts/rollout.ts'
import type { Page } from './ledger.ts'

export interface PolicyQuery {
  readonly name?: string | undefined
  readonly source?: PolicySource | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface RolloutQuery {
  readonly service?: ServiceId | undefined
  /** Only those that have not ended. */
  readonly open?: boolean | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface RolloutsLedger {
  /** A version that is there stays as it is; answers what is there then. */
  savePolicy(row: PolicyVersion, document: PolicyDocument): Promise<PolicyVersion>
  policy(version: string): Promise<PolicyVersion | undefined>
  policyDocument(version: string): Promise<PolicyDocument | undefined>
  /** Newest first. */
  policies(query: PolicyQuery): Promise<Page<PolicyVersion>>
  /** The ledger gives the number. */
  addRollout(rollout: NewRollout): Promise<Rollout>
  /** As it is now. Throws when there is none of that number. */
  saveRollout(rollout: Rollout): Promise<void>
  rollout(number: number): Promise<Rollout | undefined>
  /** Newest first. */
  rollouts(query: RolloutQuery): Promise<Page<Rollout>>
  /** A unit that is there stays as it is. */
  saveUnits(number: number, stage: RolloutStage, units: readonly Unit[]): Promise<void>
  /** In the order of their blocks. */
  units(number: number, stage: RolloutStage): Promise<readonly Unit[]>
}
