/** Long runs in pieces: what is done is not done again, and what the pieces found adds up. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RangeReport, SeedRange } from './days.ts'
import { appendReport, piecesOf, readTally, sumOf } from './tally.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tally-'))
  file = path.join(folder, 'days.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const choice = { controllers: 1 }

function report({ from, to }: SeedRange, harmed = 0): RangeReport {
  const runs = to - from + 1
  const counts = { runs, days: runs, ticks: 300 * runs, serviceTicks: 900 * runs }
  const brokenByGuarantee = new Map(harmed > 0 ? [['harm', harmed]] : [])
  const totals = { ...counts, events: 9000 * runs, faults: 7 * runs, brokenByGuarantee }
  return { from, to, totals, seconds: runs / 2, failures: [] }
}

describe('piecesOf', () => {
  const range = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
    .map(([from, more]): SeedRange => ({ from, to: from + more }))

  it('are each seed of the range that is not done, once and in order, in pieces that are small enough', () => {
    fc.assert(
      fc.property(range, fc.array(range), fc.integer({ min: 1, max: 12 }), (all, done, most) => {
        const seedsOf = ({ from, to }: SeedRange) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i)
        const gone = new Set(done.flatMap(seedsOf))
        const pieces = piecesOf(all, done, most)
        expect(pieces.flatMap(seedsOf)).toEqual(seedsOf(all).filter((seed) => !gone.has(seed)))
        for (const piece of pieces) expect(seedsOf(piece).length).toBeLessThanOrEqual(most)
      }),
    )
  })
})

describe('a tally', () => {
  it('has what was appended of the same choice, and adds it up', () => {
    expect(readTally(file, choice)).toEqual([])
    appendReport(file, choice, 'abc', report({ from: 1, to: 10 }))
    appendReport(file, { controllers: 3 }, 'abc', report({ from: 11, to: 20 }, 5))
    appendReport(file, choice, 'def', report({ from: 21, to: 24 }, 2))
    const lines = readTally(file, choice)
    expect(lines.map(({ from, to, commit }) => [from, to, commit])).toEqual([
      [1, 10, 'abc'],
      [21, 24, 'def'],
    ])
    const { totals, seconds } = sumOf(lines)
    expect(totals).toMatchObject({ runs: 14, days: 14, ticks: 4200, faults: 98 })
    expect([...totals.brokenByGuarantee]).toEqual([['harm', 2]])
    expect(seconds).toBe(7)
  })

  it('counts a seed once that two of its lines have', () => {
    appendReport(file, choice, 'abc', report({ from: 1, to: 10 }))
    appendReport(file, choice, 'abc', report({ from: 10, to: 12 }))
    expect(sumOf(readTally(file, choice)).totals.runs).toBe(10)
  })

  it('names the line that is none of ours', () => {
    appendReport(file, choice, 'abc', report({ from: 1, to: 10 }))
    writeFileSync(file, '{"from":-1}\n', { flag: 'a' })
    expect(() => readTally(file, choice)).toThrow(/days\.jsonl, line 2: [\s\S]*from/)
  })
})
