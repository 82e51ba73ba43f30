/** The real HTTP API on a real port over a controller whose state lies open, to be set as a test needs. Only for tests. */
import { Conflict, type ControlPlane } from '../control-plane.ts'
import { createApp } from '../http/app.ts'
import { serve } from '../http/server.ts'
import { createTestJobs } from '../http/test-jobs.ts'
import { createTestPlane, type TestState } from '../http/test-plane.ts'
import { createTestAdvisor } from '../http/test-resources.ts'
import { createTestLedger, createTestStore } from '../http/test-stores.ts'

export interface TestApi {
  readonly url: string
  readonly state: TestState
  readonly knobs: Knobs
  /** What was asked of the models, in words. */
  readonly asked: readonly string[]
  /** The same of rollouts and learned policies. */
  readonly rolloutsAsked: readonly string[]
  readonly trainingsAsked: readonly string[]
  readonly jobsAsked: readonly string[]
  close(): Promise<void>
}

export interface Knobs {
  /** Whether a replay comes out as it was stored. */
  identical: boolean
  /** How long a pause takes. */
  pauseMs: number
  /** Set once a pause has been asked for. */
  pauseAsked: boolean
}

/** A budget that the controller refuses as things stand. */
export const REFUSED_BUDGET = 409

export async function startTestApi(): Promise<TestApi> {
  const store = createTestStore()
  const { control: plane, state, asked, rolloutsAsked, trainingsAsked } = createTestPlane(store)
  const knobs: Knobs = { identical: true, pauseMs: 0, pauseAsked: false }
  const control: ControlPlane = {
    ...plane,
    async replay(id) {
      const report = await plane.replay(id)
      return report && { ...report, identical: knobs.identical }
    },
    async setPaused(paused, actor) {
      knobs.pauseAsked = true
      await new Promise((resolve) => setTimeout(resolve, knobs.pauseMs))
      return plane.setPaused(paused, actor)
    },
    async setBudget(costBudgetPerHour, actor) {
      if (costBudgetPerHour === REFUSED_BUDGET)
        throw new Conflict('another controller holds the lease')
      return plane.setBudget(costBudgetPerHour, actor)
    },
  }
  const base = createTestLedger()
  const ledger = {
    ...base,
    decisions: async (query: Parameters<typeof base.decisions>[0]) => {
      const { items } = await base.decisions(query)
      return { items, next: query.limit <= items.length ? '41' : undefined }
    },
  }
  const jobs = createTestJobs()
  const { url, close } = await serve(
    createApp({ control, store, ledger, jobs: jobs.control, resources: createTestAdvisor() }),
    {
      host: '127.0.0.1',
      port: 0,
    },
  )
  return { url, state, knobs, asked, rolloutsAsked, trainingsAsked, jobsAsked: jobs.asked, close }
}
