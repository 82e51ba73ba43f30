/** What `forescale status` says of leaders and shards. */
import { describe, expect, it } from 'vitest'
import type { ShardsView } from '../shards/view.ts'
import { leaderLine, shardLines } from './leader-lines.ts'
import { createTerminal } from './terminal.ts'

const silent = { write: () => {}, isTTY: false }
const terminal = createTerminal({ stdout: silent, stderr: silent, env: {}, nowMs: () => 0 }, false)

describe('who leads', () => {
  it('is this controller, another one, or nobody yet', () => {
    expect(leaderLine({ leads: true, token: 7, leader: 'a', url: '' })).toBe('leads, with token 7')
    expect(leaderLine({ leads: false, token: 8, leader: 'b', url: 'http://b' })).toBe(
      'follows b, with token 8, at http://b',
    )
    expect(leaderLine({ leads: false, token: null, leader: null, url: '' })).toBe(
      'follows: nobody leads yet',
    )
  })
})

describe('shards', () => {
  const view: ShardsView = {
    ...{ shard: 'left', budgetPerHour: 1.25, jointBudgetPerHour: 2, price: 3.1 },
    shards: [
      {
        ...{ shard: 'left', claimPerHour: 1.25, runningPerHour: 1.1, wantedPerHour: 1.9 },
        ...{ silentMs: 400, isSilent: false, leader: 'a', url: '' },
      },
      {
        ...{ shard: 'right', claimPerHour: 0, runningPerHour: 0, wantedPerHour: 0 },
        ...{ silentMs: null, isSilent: true, leader: null, url: '' },
      },
    ],
  }

  it('are shown with what each may spend, runs and wants, and who is silent', () => {
    const [first, , left, right] = shardLines(view, terminal)
    expect(first).toContain('shard left may spend $1.25/h of $2.00/h')
    expect(left).toMatch(/left +\$1\.25\/h +\$1\.10\/h +\$1\.90\/h +400 ms ago +a/)
    expect(right).toMatch(/right +\$0\.00\/h.* silent +none yet/)
  })

  it('one that only follows has claimed nothing', () => {
    const [first] = shardLines({ ...view, budgetPerHour: null }, terminal)
    expect(first).toContain('shard left has claimed nothing here')
  })
})
