import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineProtocolError, type PRECISIONS, readLineProtocol } from './line-protocol.ts'

const NOW_MS = 1_795_248_000_123
const read = (text: string, precision?: (typeof PRECISIONS)[number]) =>
  readLineProtocol(text, { precision, nowMs: NOW_MS }).map(({ sample }) => sample)
const only = (text: string) => read(text)[0]!

describe('a line', () => {
  it('with the field value takes the measurement as metric', () => {
    expect(read('requests_per_second,service=search value=12.3 1700000000000000000')).toEqual([
      {
        service: 'search',
        metric: 'requests_per_second',
        atMs: 1_700_000_000_000,
        value: 12.3,
      },
    ])
  })

  it('with several fields is as many samples, named by their keys', () => {
    const samples = read(
      'load,service=search requests_per_second=12,cpu_cores=0.3 1700000000000',
      'ms',
    )
    expect(samples.map(({ metric, value }) => [metric, value])).toEqual([
      ['requests_per_second', 12],
      ['cpu_cores', 0.3],
    ])
    expect(new Set(samples.map(({ atMs }) => atMs))).toEqual(new Set([1_700_000_000_000]))
  })

  it('without a timestamp is of now', () => {
    expect(only('m,service=a value=1').atMs).toBe(NOW_MS)
  })

  it('may be empty or a comment, end with CR, and have spaces around its parts', () => {
    const text = '# a comment\r\n\r\n  m,service=a  value=1   1000000  \r\n   # another\n'
    expect(read(text)).toEqual([{ service: 'a', metric: 'm', atMs: 1, value: 1 }])
    expect(read('')).toEqual([])
  })
})

describe('tags', () => {
  const tagged = (text: string, options: object) =>
    readLineProtocol(text, { nowMs: NOW_MS, ...options })
  it('beside that of the service tell from which series a sample is', () => {
    const [a, b, c] = tagged(
      'm,service=a,host=x,zone=1 value=1\nm,zone=1,service=a,host=x value=2\nm,service=a,host=y,zone=1 value=3',
      {},
    )
    expect(a?.origin).toBe(b?.origin)
    expect(a?.origin).not.toBe(c?.origin)
    expect(tagged('m,service=a value=1', {})[0]?.origin).toBe('')
  })

  it('that make no other series are passed over, and another may name the service', () => {
    const options = { serviceTag: 'app', ignoreTags: new Set(['host']) }
    const [a, b] = tagged('m,app=a,host=x value=1\nm,app=a,host=y value=2', options)
    expect(a).toMatchObject({ sample: { service: 'a' }, origin: '' })
    expect(b?.origin).toBe('')
  })
})

describe('a timestamp', () => {
  it.each([
    ['ns', '1700000000123999999', 1_700_000_000_123],
    ['us', '1700000000123999', 1_700_000_000_123],
    ['ms', '1700000000123', 1_700_000_000_123],
    ['s', '1700000000', 1_700_000_000_000],
    ['ns', '-1', -1],
  ] as const)('in %s is rounded down to whole ms: %s', (precision, text, atMs) => {
    expect(read(`m,service=a value=1 ${text}`, precision)[0]!.atMs).toBe(atMs)
  })

  it('of 19 digits loses nothing on its way to ms', () => {
    const times = fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 999_999 }))
    fc.assert(
      fc.property(times, ([ms, ns]) => {
        const text = `${ms}${String(ns).padStart(6, '0')}`
        expect(only(`m,service=a value=1 ${text}`).atMs).toBe(ms)
      }),
    )
  })

  it.each(['1.5', '1e3', 'now', '0x10', '12345678901234567890'])('is not %s', (text) => {
    expect(() => read(`m,service=a value=1 ${text}`)).toThrow(/whole Unix time in ns/)
  })
})

describe('a value', () => {
  it.each([
    ['12', 12],
    ['-0.5', -0.5],
    ['+1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.5E-2', 0.015],
    ['12i', 12],
    ['-12i', -12],
    ['12u', 12],
  ])('may be written %s', (text, value) => {
    expect(only(`m,service=a value=${text}`).value).toBe(value)
  })

  it.each([
    '"12"',
    '"a \\" quote, a = and a space"',
    't',
    'true',
    'F',
    'NaN',
    'Inf',
    '1e999',
    '1.5i',
    '-1u',
    '0x10',
    '1_000',
    '12f',
  ])('is not %s', (text) => {
    expect(() => read(`m,service=a value=${text}`)).toThrow(/a finite number/)
  })

  it('comes back exactly, whatever float it is', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(only(`m,service=a value=${value}`).value).toBe(Object.is(value, -0) ? 0 : value)
      }),
    )
  })
})

describe('escapes', () => {
  it('of comma, equals sign and space are resolved, in names that allow them', () => {
    // no metric and no service may hold such characters, so the message shows what was read
    expect(() => read('a\\,b\\ c,service=s value=1')).toThrow('"a,b c"')
    expect(() => read('m,service=a\\ b value=1')).toThrow('"a b"')
    expect(() => read('m,service=s key\\=x=1')).toThrow('"key=x"')
  })

  it('before anything else stand for themselves', () => {
    expect(() => read('a\\b,service=s value=1')).toThrow(JSON.stringify('a\\b'))
  })
})

describe('a fault', () => {
  it('is named with its line, its text and what is allowed', () => {
    const text = '# header\nm,service=a value=1\n\nm,service=a value=many\n'
    const error = (() => {
      try {
        return read(text)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(LineProtocolError)
    expect(error).toMatchObject({
      lineNumber: 4,
      text: 'many',
      allowed: expect.stringContaining('a finite number'),
      message: expect.stringMatching(/^line 4: "many" is not allowed; allowed: /),
    })
  })

  it.each([
    ['no service', 'm value=1', 'a tag service'],
    ['another tag alone', 'm,host=b value=1', 'a tag service'],
    ['another tag twice', 'm,service=a,host=b,host=c value=1', 'the tag host once'],
    ['the tag twice', 'm,service=a,service=b value=1', 'once'],
    ['no name', 'm,service=Search value=1', 'a service name'],
    ['no metric', 'a-b,service=a value=1', 'a metric name'],
    ['no measurement', ',service=a value=1', 'a metric name'],
    ['no fields', 'm,service=a', 'field=<number>'],
    ['a tag without value', 'm,service= value=1', '<key>=<value>'],
    ['a field without value', 'm,service=a value=', '<key>=<value>'],
    ['a field without key', 'm,service=a =1', '<key>=<value>'],
    ['a field that is only a name', 'm,service=a value 1', '<key>=<value>'],
    ['a comma too many', 'm,service=a value=1, 1', '<key>=<value>'],
    ['two equals signs', 'm,service=a value=1=2', '<key>=<value>'],
    ['a text that does not end', 'm,service=a value="1', 'ends with a quote'],
    ['two timestamps', 'm,service=a value=1 1 2', 'Unix time'],
  ])('is found: %s', (_, line, allowed) => {
    expect(() => read(line)).toThrow(allowed)
  })

  it('is the only way to fail, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'m,service=a 1\\"i.\n#é') }), (text) => {
        try {
          for (const { value } of read(text)) expect(Number.isFinite(value)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(LineProtocolError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('shows no more than the beginning of a long text', () => {
    expect(() => read(`m,service=${'a'.repeat(10_000)} value=1`)).toThrow(/^.{0,250}$/)
  })
})
