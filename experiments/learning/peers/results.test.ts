import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { answerOf } from './process.ts'
import { findKept, hashOfCode, keptOr, type Played, resultsFolder } from './results.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'learner-results-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const played = (mean: number): Played => ({ returns: [mean], seconds: 1, wallSeconds: 2 })
const task = (seed: number) => ({ by: 'Stable-Baselines3 2.3.2', task: { seed } })

describe('results', () => {
  it('are worked out once for each task and version, whoever asks', async () => {
    let calls = 0
    const play = async () => played(++calls)
    for (const [by, seed, mean] of [
      ['a 1.0', 0, 1],
      ['a 1.0', 1, 2],
      ['a 1.1', 0, 3],
      ['a 1.0', 0, 1],
      ['a 1.1', 0, 3],
    ] as const)
      expect(await keptOr(folder, { by, task: { seed } }, play)).toEqual(played(mean))
    expect(calls).toBe(3)
  })

  it('are worked out again where the file is broken, and not kept where that fails', async () => {
    await keptOr(folder, task(1), async () => played(1))
    const [file] = readdirSync(folder)
    expect(findKept(folder, task(1))).toEqual(played(1))
    expect(findKept(folder, task(2))).toBeUndefined()
    expect(file).toMatch(/^stable-baselines3-2\.3\.2-[0-9a-f]{12}\.json$/)
    writeFileSync(path.join(folder, file!), '{"by":"Stable')
    expect(findKept(folder, task(1))).toBeUndefined()
    const fails = keptOr(folder, task(1), () => Promise.reject(new Error('no Python')))
    await expect(fails).rejects.toThrow('no Python')
    expect(await keptOr(folder, task(1), async () => played(2))).toEqual(played(2))
    expect(await keptOr(folder, task(1), async () => played(3))).toEqual(played(2))
  })

  it('of other code are others; its tests are no part of it', () => {
    mkdirSync(path.join(folder, 'deep'))
    const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)
    write('a.ts', '1')
    write('deep/b.ts', '2')
    const first = hashOfCode([folder])
    write('a.test.ts', '3')
    expect(hashOfCode([folder])).toBe(first)
    write('deep/b.ts', '4')
    expect(hashOfCode([folder])).not.toBe(first)
  })

  it('lie in the user’s cache', () => {
    expect(resultsFolder({ XDG_CACHE_HOME: '/somewhere' })).toBe(
      path.join('/somewhere', 'forescale', 'learner-results'),
    )
  })
})

describe('a process of its own', () => {
  const answering = (body: string) => answerOf(process.execPath, ['-e', body], { seed: 3 })

  it('is given the task, and answers', async () => {
    const body = `process.stdin.on('data', (line) => console.log(JSON.stringify(
      { returns: [JSON.parse(line).seed], seconds: 1, wallSeconds: 2 })))`
    expect(await answering(body)).toEqual(played(3))
  })

  it('that fails says why', async () => {
    await expect(answering('console.error("no torch"); process.exit(3)')).rejects.toThrow(
      /ended with code 3:\nno torch/,
    )
    await expect(answering('console.log("{}")')).rejects.toThrow('returns')
  })
})
