/** What people ask of rollouts and of the registry of learned policies. */
import type { PolicyDocument } from '../../agents/policies/learned/document.ts'
import type { LearnAnswer, PolicyVersion } from './policy-version.ts'
import type { RolloutRequest, RolloutView } from './request.ts'

/** All throw Conflict when a request cannot be met as things stand; undefined: there is none of that number. */
export interface RolloutControl {
  /** Throws RolloutError. */
  start(request: RolloutRequest, actor: string): Promise<RolloutView>
  read(number: number): Promise<RolloutView | undefined>
  /** Those that have not ended, newest first. */
  running(): readonly RolloutView[]
  /** One stage on, whatever was found; a full one is promoted. */
  advance(number: number, actor: string, why: string): Promise<RolloutView | undefined>
  /** Ends it; what acted before acts again. */
  stop(number: number, actor: string, why: string): Promise<RolloutView | undefined>
  /** Back to what acted before, whether it runs or has been promoted. `number` undefined: the newest that can be. */
  rollback(number: number | undefined, actor: string, why: string): Promise<RolloutView | undefined>
  /** Takes in a learned policy; one that acts alike stays as it came first. */
  addPolicy(document: PolicyDocument, actor: string, why: string): Promise<PolicyVersion>
  /** Learns one from what the shadow stage of rollout `number` left in the ledger. */
  learnPolicy(number: number, actor: string, why: string): Promise<LearnAnswer | undefined>
}
