/** What speaks for and against each policy in the registry, newest first: what became of it before, and what the log predicts. */
import type { Findings } from '../../coordinator/rollout/findings.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { JudgedPolicy, Verdict } from './automatic-view.ts'
import { findingsView, lossWords } from './moves.ts'
import type { PolicyVersion } from './policy-version.ts'
import { predictedOf } from './predicted.ts'
import type { Rollout, RolloutSettings, Strategy } from './rollout.ts'

/** Newest policies that are looked at, and rollouts that are looked through for what became of them. */
const MOST_POLICIES = 50
const MOST_ROLLOUTS = 500

export interface JudgedInput {
  readonly ledger: Ledger
  readonly services: readonly ServiceId[]
  readonly inForce: (service: ServiceId) => Strategy
  readonly settings: RolloutSettings
}

export async function judgePolicies(input: JudgedInput): Promise<JudgedPolicy[]> {
  const { ledger } = input
  const rollouts = (await ledger.rollouts({ limit: MOST_ROLLOUTS })).items
  const policies = (await ledger.policies({ limit: MOST_POLICIES })).items
  const judged: JudgedPolicy[] = []
  // what ships acts where it is configured, and nowhere by itself
  for (const policy of policies.filter(({ source }) => source !== 'shipped'))
    judged.push(await judgeOne(input, policy, rollouts))
  return judged
}

async function judgeOne(
  input: JudgedInput,
  policy: PolicyVersion,
  rollouts: readonly Rollout[],
): Promise<JudgedPolicy> {
  const { version, name, source } = policy
  const said = (verdict: Verdict, why: string, findings?: Findings): JudgedPolicy => ({
    ...{ version, name, source, verdict, why },
    findings: findings ? findingsView(findings) : null,
  })
  const past = rollouts.find((one) => one.kind === 'rollout' && one.candidate.version === version)
  if (past?.stage === 'ended')
    return said('tried', `rollout ${past.number} was ${past.outcome}: ${past.changes.at(-1)!.why}`)
  if (past) return said('runs', `rollout ${past.number} is in stage ${past.stage}`)
  const { services, inForce, settings } = input
  if (services.length > 0 && services.every((service) => inForce(service).version === version))
    return said('acts', 'it acts for every service')
  const candidate: Strategy = { policy: 'learned', version }
  const findings = await predictedOf({ ...input, candidate })
  if (!findings) return said('unknown', 'too little of the log speaks of it: its shadow stage will')
  const { loss, burn } = findings
  const isBetter = loss.estimate < 0 && burn.estimate <= settings.burnMargin
  const words = `the log predicts ${isBetter ? 'less' : 'no less'} loss: ${lossWords(findings)}`
  return said(isBetter ? 'better' : 'worse', words, findings)
}
