/** What is tried by dry run, how often, and what is said of it. */
import { describe, expect, it } from 'vitest'
import type { WorkloadRef } from '../workload.ts'
import type { Fault } from './dry-run.ts'
import { createTryOuts } from './try-outs.ts'

const refOf = (name: string): WorkloadRef => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
})
const DENIED: Fault = { why: 'may not update deployments/scale', isRefused: true }
const AWAY: Fault = { why: 'fetch failed', isRefused: false }
const settled = () => new Promise((resolve) => setImmediate(resolve))

function tryOuts(answer: (name: string) => Fault | undefined) {
  const asked: string[] = []
  const said: string[] = []
  const clock = { nowMs: 0 }
  let open = 0
  let mostOpen = 0
  const outs = createTryOuts({
    nowMs: () => clock.nowMs,
    log: {
      info: (_, message) => void said.push(`info: ${message}`),
      warn: (fields, message) =>
        void said.push(`warn: ${JSON.stringify(Object.values(fields))} ${message}`),
    },
    async dryRun({ name }) {
      asked.push(name)
      mostOpen = Math.max(mostOpen, ++open)
      await settled()
      open--
      return answer(name)
    },
  })
  const follow = async (...names: string[]) => {
    outs.follow(names.map((name) => [name, refOf(name)]))
    for (let i = 0; i < names.length + 2; i++) await settled()
  }
  return { outs, asked, said, clock, follow, mostOpen: () => mostOpen }
}

describe('workloads that are to be scaled', () => {
  it('are tried once, four at a time, and nothing is said of those that can be', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `web-${i}`)
    const { outs, asked, said, follow, mostOpen } = tryOuts(() => undefined)
    for (let tick = 0; tick < 3; tick++) await follow(...names)
    expect(asked).toEqual(names)
    expect(mostOpen()).toBe(4)
    expect([outs.faults(), said]).toEqual([[], []])
  })

  it('that would be refused are named with what is missing, and tried again until they are not', async () => {
    let fault: Fault | undefined = DENIED
    const { outs, asked, said, clock, follow } = tryOuts((name) =>
      name === 'web' ? fault : undefined,
    )
    await follow('web', 'api')
    const faults = ['shop/Deployment/web could not be scaled: may not update deployments/scale']
    expect(outs.faults()).toEqual(faults)
    expect(said).toEqual([expect.stringMatching(/^warn: .*"web".*may not update.*could not be/)])
    clock.nowMs = 10 * 60_000
    await follow('web', 'api')
    expect([asked, said.length]).toEqual([['web', 'api', 'web'], 1])
    fault = undefined
    clock.nowMs = 20 * 60_000
    await follow('web', 'api')
    expect(outs.faults()).toEqual([])
    expect(said[1]).toBe('info: the workload can be scaled now')
  })

  it('stand no longer against us when one was scaled, or is another’s by now', async () => {
    const { outs, follow } = tryOuts(() => DENIED)
    await follow('web', 'api')
    outs.scaled('web')
    expect(outs.faults()).toEqual([expect.stringContaining('shop/Deployment/api')])
    await follow('web')
    expect(outs.faults()).toEqual([])
  })

  it('are not called refused while the API server is away', async () => {
    const { outs, said, follow } = tryOuts(() => AWAY)
    await follow('web')
    expect([outs.faults(), said]).toEqual([[], []])
  })

  it('are not tried any more after the end', async () => {
    const { outs, asked, follow } = tryOuts(() => undefined)
    outs.follow(Array.from({ length: 9 }, (_, i) => [`web-${i}`, refOf(`web-${i}`)]))
    outs.stop()
    await follow()
    expect(asked).toHaveLength(4)
  })
})
