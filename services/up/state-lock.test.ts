import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockState, StateInUse } from './state-lock.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'forescale-lock-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))
const file = () => path.join(dir, 'up.lock')

it('holds off a second owner while the first lives, and lets go', () => {
  const release = lockState(dir)
  expect(() => lockState(dir)).toThrow(StateInUse)
  release()
  expect(existsSync(file())).toBe(false)
  lockState(dir)()
})

it('takes over from an owner that is gone', () => {
  const { pid } = spawnSync('true')
  writeFileSync(file(), JSON.stringify({ pid, startedAt: null }))
  lockState(dir)()
})

it.runIf(process.platform === 'linux')('is not fooled by a process id that came back', () => {
  writeFileSync(file(), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }))
  lockState(dir)()
})

it('takes over a lock that a crash tore', () => {
  writeFileSync(file(), '{"pid": 1')
  lockState(dir)()
})
