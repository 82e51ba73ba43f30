/** The queue on disk: what was acknowledged comes back, what a crash tore is cut off, what is damaged is refused. */
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LedgerError } from './ledger.ts'
import { crc32c, openQueueFile } from './queue-file.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-queue-'))
  file = path.join(folder, 'ledger.queue')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const bytesOf = (words: string) => new Uint8Array(Buffer.from(words))

async function write(payloads: readonly Uint8Array[]): Promise<void> {
  const queue = await openQueueFile(file)
  for (const payload of payloads) await queue.append(payload)
  await queue.close()
}

/** What can be read; undefined when the file is refused. */
async function reopen(): Promise<readonly Uint8Array[] | undefined> {
  try {
    const queue = await openQueueFile(file)
    await queue.close()
    return queue.found
  } catch (error) {
    expect(error).toBeInstanceOf(LedgerError)
    expect((error as Error).message).toMatch(/damaged at byte \d+/)
    expect((error as Error).message).toContain(file)
    return undefined
  }
}

it('has the checksum of RFC 3720, appendix B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a_91_36_aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62_a8_ab_43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46_dd_79_4e)
  expect(crc32c(bytesOf('123456789'))).toBe(0xe3_06_92_83)
})

describe('records', () => {
  it('come back as they were written, in order', async () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(payloads, async (written) => {
        await rm(file, { force: true })
        await write(written)
        expect(await reopen()).toEqual(written)
      }),
      { numRuns: 30 },
    )
  })

  it('are gone when they have arrived, and kept under another name when they may not', async () => {
    const queue = await openQueueFile(file)
    await queue.append(bytesOf('a'))
    await queue.clear()
    await queue.append(bytesOf('b'))
    const kept = await queue.setAside('kept')
    await queue.append(bytesOf('c'))
    await queue.close()
    expect((await reopen())!.map(text)).toEqual(['c'])
    expect((await readFile(kept)).toString('latin1')).toMatch(/b$/)
  })
})

describe('after a crash', () => {
  const payloads = Array.from({ length: 8 }, (_, i) => bytesOf(`record ${i} `.repeat(i + 1)))

  it('at every length the whole records before it are there, and new ones follow them', async () => {
    await write(payloads)
    const whole = await readFile(file)
    const ends = [0]
    for (const payload of payloads) ends.push(ends.at(-1)! + 16 + payload.length)
    for (let length = whole.length - 1; length >= 0; length--) {
      await writeFile(file, whole.subarray(0, length))
      const found = await reopen()
      const count = ends.filter((end) => end <= length).length - 1
      expect(found).toEqual(payloads.slice(0, count))
      expect((await stat(file)).size).toBe(ends[count])
    }
    await write([bytesOf('next')])
    expect((await reopen())!.map(text)).toEqual(['next'])
  }, 60_000)

  it('a file that was made longer but not filled is cut back', async () => {
    await write(payloads)
    await appendFile(file, new Uint8Array(300))
    expect(await reopen()).toEqual(payloads)
    const { size } = await stat(file)
    await truncate(file, size - payloads.at(-1)!.length)
    await truncate(file, size) // the last payload reads as zeros
    expect(await reopen()).toEqual(payloads.slice(0, -1))
  })

  it('whatever byte was changed, no damaged record is ever read', async () => {
    await write(payloads)
    const whole = await readFile(file)
    let refused = 0
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole)
      flipped[at]! ^= 1 << (at % 8)
      await writeFile(file, flipped)
      const found = await reopen()
      if (found === undefined) refused++
      else for (const [i, record] of found.entries()) expect(record).toEqual(payloads[i])
    }
    // where the damage is not at the very end it is never taken for a torn write
    expect(refused).toBe(whole.length)
  }, 60_000)
})
