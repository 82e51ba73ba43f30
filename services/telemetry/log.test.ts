import { describe, expect, it } from 'vitest'
import { createLogger } from './log.ts'

function capture(env: NodeJS.ProcessEnv) {
  const lines: Record<string, unknown>[] = []
  const log = createLogger('collector', {
    env,
    to: { write: (text) => lines.push(JSON.parse(text)) },
  })
  return { log, lines }
}

describe('the log', () => {
  it('is JSON with level, time, component and message', () => {
    const { log, lines } = capture({})
    log.info({ tick: 4 }, 'done')
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/Z$/),
        component: 'collector',
        tick: 4,
        msg: 'done',
      },
    ])
  })

  it('is as chatty as LOG_LEVEL says', () => {
    const { log, lines } = capture({ LOG_LEVEL: 'error' })
    log.warn('no')
    log.error('yes')
    expect(lines.map(({ msg }) => msg)).toEqual(['yes'])
  })

  it('keeps secrets to itself', () => {
    const { log, lines } = capture({})
    log.info({ token: 'abc', headers: { authorization: 'Bearer abc' } }, 'call')
    expect(JSON.stringify(lines)).not.toContain('abc')
  })

  it('refuses a level that is none', () => {
    expect(() => capture({ LOG_LEVEL: 'loud' })).toThrow(/LOG_LEVEL: "loud".*debug/)
  })
})
