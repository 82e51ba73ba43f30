/** Rollouts and learned policies in memory for tests of the HTTP surface: the documented ones. */
import { Conflict } from '../control-plane.ts'
import type { RolloutsLedger } from '../ledger/rollouts-ledger.ts'
import type { RolloutControl } from '../rollouts/control.ts'
import { policyRow } from '../rollouts/policy-version.ts'
import { RolloutError } from '../rollouts/request.ts'
import * as examples from './examples-rollouts.ts'

const { findings: _, waiting: __, ...rollout } = examples.canary

export function createTestRollouts(): RolloutsLedger {
  return {
    savePolicy: async (row) => row,
    policy: async (version) => (version === examples.policy.version ? examples.policy : undefined),
    policyDocument: async (version) =>
      version === examples.policy.version ? examples.document : undefined,
    policies: async ({ name }) => ({
      items: name === undefined || name === examples.policy.name ? [examples.policy] : [],
      next: undefined,
    }),
    addRollout: async (added) => ({ number: 2, ...added }),
    saveRollout: async () => {},
    rollout: async (number) => (number === 1 ? rollout : undefined),
    rollouts: async ({ service, open }) => ({
      items: (service === undefined || service === 'search') && open !== false ? [rollout] : [],
      next: undefined,
    }),
    saveUnits: async () => {},
    units: async () => [],
  }
}

export interface TestRollouts {
  readonly control: RolloutControl
  /** What was asked for, in words. */
  readonly asked: string[]
}

export function createTestRolloutControl(): TestRollouts {
  const asked: string[] = []
  return {
    asked,
    control: {
      async start(request, actor) {
        const { candidate, kind, from, services } = request
        if (candidate.version !== null && candidate.version !== examples.policy.version)
          throw new RolloutError('candidate.version', candidate.version, examples.policy.version)
        if (services?.includes('payment')) throw new Conflict('rollout 1 runs on payment')
        asked.push(`start ${kind} ${candidate.policy} ${from ?? 'first'} ${actor} ${request.why}`)
        return examples.shadow
      },
      read: async (number) => (number === 1 ? examples.canary : undefined),
      running: () => [examples.canary],
      async advance(number, actor, why) {
        if (number !== 1) return undefined
        asked.push(`advance ${number} ${actor} ${why}`)
        return examples.canary
      },
      async stop(number, actor, why) {
        if (number === 9) throw new Conflict('rollout 9 has ended: it was stopped')
        if (number !== 1) return undefined
        asked.push(`stop ${number} ${actor} ${why}`)
        return { ...examples.rolledBack, outcome: 'stopped' }
      },
      async rollback(number, actor, why) {
        if ((number ?? 1) !== 1) return undefined
        asked.push(`rollback ${number} ${actor} ${why}`)
        return examples.rolledBack
      },
      async learnPolicy(number, actor, why) {
        if (number !== 1) return undefined
        asked.push(`learn ${number} ${actor} ${why}`)
        return examples.learned
      },
      async addPolicy(document, actor, why) {
        asked.push(`add ${document.name} ${actor} ${why}`)
        const addedAtMs = examples.policy.addedAtMs
        return policyRow(document, { source: 'import', addedAtMs, addedBy: actor, why })
      },
    },
  }
}
