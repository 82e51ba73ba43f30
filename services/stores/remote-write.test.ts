/** Against messages written by protobufjs and snappyjs; a real Prometheus sends in services/http/remote-write.e2e.test.ts. */
import fc from 'fast-check'
import { compress } from 'snappyjs'
import { describe, expect, it } from 'vitest'
import { MOST_UNPACKED_BYTES, RemoteWriteError, readRemoteWrite } from './remote-write.ts'
import { remoteWriteBody } from './test-remote-write.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

describe('a WriteRequest', () => {
  it('is read as it was written, whatever its labels and values', () => {
    const labels = fc.uniqueArray(text, { maxLength: 5 }).chain((names) =>
      fc
        .array(fc.string({ unit: 'grapheme' }), {
          minLength: names.length,
          maxLength: names.length,
        })
        .map((texts) => Object.fromEntries(names.map((name, i) => [name, texts[i]!]))),
    )
    const value = fc.double({ noNaN: true })
    const atMs = fc.integer({ min: -8.64e15, max: 8.64e15 })
    const series = fc.record({
      labels,
      samples: fc.array(fc.record({ atMs, value }), { maxLength: 5 }),
    })
    fc.assert(
      fc.property(fc.array(series, { maxLength: 8 }), (all) => {
        const read = readRemoteWrite(remoteWriteBody(all))
        expect(read.map((one) => ({ ...one, labels: { ...one.labels } }))).toEqual(
          all.map((one) => ({ ...one, labels: { ...one.labels }, stale: 0 })),
        )
      }),
    )
  })

  it('of nothing has nothing', () => {
    expect(readRemoteWrite(remoteWriteBody([]))).toEqual([])
  })

  it('may say that a series ended: a stale marker is no sample, another NaN is one', () => {
    const samples = [
      { atMs: 1, value: 5 },
      { atMs: 2, value: 'stale' as const },
      { atMs: 3, value: Number.NaN },
    ]
    const [series] = readRemoteWrite(remoteWriteBody([{ labels: { __name__: 'm' }, samples }]))
    expect(series).toMatchObject({
      stale: 1,
      samples: [
        { atMs: 1, value: 5 },
        { atMs: 3, value: Number.NaN },
      ],
    })
  })
})

describe('what is no WriteRequest', () => {
  it('is refused in words, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, packed) => {
        const body = packed ? compress(bytes) : bytes
        try {
          readRemoteWrite(body)
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteWriteError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused for its size before it is unpacked', () => {
    // 60 bytes that say they are four gigabytes
    const bomb = new Uint8Array(60).fill(0xff)
    bomb.set([0xff, 0xff, 0xff, 0xff, 0x0f])
    expect(() => readRemoteWrite(bomb)).toThrow(/4294967295 bytes/)
    const zeros = compress(new Uint8Array(MOST_UNPACKED_BYTES + 1))
    expect(() => readRemoteWrite(zeros)).toThrow(/unpacks to 67108865 bytes/)
  })

  it('is refused when a length in it goes backwards, on which snappyjs itself never ends', () => {
    const endless = Uint8Array.from([8, 0xfc, 0xfa, 0xff, 0xff, 0xff, ...new Uint8Array(8)])
    expect(() => readRemoteWrite(endless)).toThrow('not in snappy block format')
  })

  it('is refused for a label that is there twice', () => {
    const body = compress(
      // one series with the label a twice, by hand
      Uint8Array.from([
        ...[0x0a, 16, 0x0a, 6, 0x0a, 1, 0x61, 0x12, 1, 0x62],
        ...[0x0a, 6, 0x0a, 1, 0x61, 0x12, 1, 0x63],
      ]),
    )
    expect(() => readRemoteWrite(body)).toThrow('a label is empty or there twice: "a"')
  })
})
