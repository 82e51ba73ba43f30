/** Event files, byte by byte; read back with TensorBoard's own EventAccumulator 2.21 when they were written. */
import { describe, expect, it } from 'vitest'
import { crc32c, eventFile } from './tensorboard.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('crc32c', () => {
  it.each([
    // RFC 3720, appendix B.4, and the check value of CRC-32/ISCSI
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [bytes('123456789'), 0xe3069283],
  ])('of %o', (data, expected) => {
    expect(crc32c(data)).toBe(expected)
  })
})

describe('eventFile', () => {
  it('begins as every file of TensorFlow: 24 bytes, their masked checksum, a double', () => {
    const file = Buffer.from(eventFile([{ step: 0, atMs: 1000, values: {} }]))
    expect(file.subarray(0, 13).toString('hex')).toBe('1800000000000000a37f4b2209')
    expect(file.subarray(21, 36).toString('latin1')).toBe('\x1a\x0dbrain.Event:2')
  })

  it('holds a scalar as event.proto and summary.proto say, none that is no number', () => {
    const values = { cost: 1.5, absent: Number.NaN }
    const file = Buffer.from(eventFile([{ step: 7, atMs: 2000, values }]))
    const length = Number(file.readBigUInt64LE(40))
    const event = file.subarray(52, 52 + length).toString('hex')
    // 1: double 2.0 · 2: varint 7 · 5: { 1: { 1: "cost", 2: float 1.5 } }
    expect(event).toBe(
      '090000000000000040' + '1007' + '2a0d' + '0a0b' + '0a04636f7374' + '150000c03f',
    )
    expect(file).toHaveLength(40 + 12 + length + 4)
  })
})
