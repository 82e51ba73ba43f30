/** No name gets out of its literal: a query is its template with the escaped literal in its place, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellsFlux, newestFlux, pointsFlux } from './influx/queries.ts'
import { faultOf, promqlOf } from './prometheus/promql.ts'

const NAMES = 500
const HOSTILE = [
  ...[
    '"',
    '\\',
    '\\"',
    '") |> drop() //',
    '" or true or r.service == "',
    '${r.service}',
    '${',
    '\n',
  ],
  ...[
    '"}) |> to(bucket: "x")',
    'a\r\nb',
    "'",
    '`',
    '/*',
    '*/',
    '#',
    '"} or on() vector(0) #',
    '.*',
    '|',
  ],
  ...['\u0000', '\u2028', '\\x22', '"},__name__=~".+"', '$service', '$step', '%22', 'é', '\ud800'],
]
const name = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc
    .array(fc.constantFrom(...HOSTILE, 'a', '1', ' '), { maxLength: 6 })
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
)

/** By Flux' specification of string literals: docs.influxdata.com/flux/v0/spec/lexical-elements. */
function fluxLiteral(text: string): string {
  const escapes: Record<string, string> = {
    ...{ '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' },
  }
  const chars = [...text].map((char) => escapes[char] ?? char).join('')
  return `"${chars.replaceAll('${', '\\${')}"`
}

describe('Flux', () => {
  it(`holds ${NAMES} hostile names as literals only`, () => {
    fc.assert(
      fc.property(name, name, name, (bucket, metric, service) => {
        const range = { bucket, metric, services: [service], fromMs: 1, toMs: 60_001 }
        for (const flux of [cellsFlux(range, 1000), pointsFlux(range), newestFlux(range)]) {
          const expected = [
            `from(bucket: ${fluxLiteral(bucket)})`,
            '  |> range(start: time(v: "1970-01-01T00:00:00.001Z"), stop: time(v: "1970-01-01T00:01:00.001Z"))',
            `  |> filter(fn: (r) => r._measurement == ${fluxLiteral(metric)} and r._field == "value" and (r.service == ${fluxLiteral(service)}))`,
          ].join('\n')
          expect(flux.startsWith(`${expected}\n`)).toBe(true)
          expect(flux.slice(expected.length)).toMatch(
            /^\n {2}\|> (aggregateWindow\(every: 1000ms, offset: 1ms, fn: mean, createEmpty: false, timeSrc: "_start"\)\n {2}\|> |last\(\)\n {2}\|> )?keep\(columns: \["_time", "_value", "service"\]\)$/,
          )
        }
      }),
      { numRuns: NAMES },
    )
  })
})

/** The literal read as PromQL reads it: Go's escapes. */
function readLiteral(text: string): string {
  return text.replaceAll(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|.)/gs, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : code,
  )
}

/** Plain characters, or whole escapes. */
const SAFE = /^(?:[^"\\\p{Cc}]|\\["\\]|\\x[0-9a-f]{2}|\\ufffd|[\u0080-\u009f])*$/u

describe('PromQL', () => {
  const before = 'sum by (service) (rate(requests_total{service=~"'
  const after = '"}[15000ms]))'
  const template = `${before}$services"}[$step]))`

  it(`holds ${NAMES} hostile names as literals only, and each matches itself alone`, () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (services) => {
        const promql = promqlOf(template, services, 15_000)
        expect(promql.startsWith(before)).toBe(true)
        expect(promql.endsWith(after)).toBe(true)
        const literal = promql.slice(before.length, promql.length - after.length)
        // neither a quote nor a line's end that is not escaped
        expect(literal).toMatch(SAFE)
        const wanted = services.map((one) => one.toWellFormed())
        const pattern = new RegExp(`^(?:${readLiteral(literal)})$`, 's')
        for (const one of wanted) expect(pattern.test(one)).toBe(true)
        expect(pattern.test(`${wanted[0]}x`)).toBe(wanted.includes(`${wanted[0]}x`))
      }),
      { numRuns: NAMES },
    )
  })

  it('takes no template whose places it could not fill safely', () => {
    expect(faultOf(template)).toBeUndefined()
    expect(faultOf('up{service="$service"}')).toBeUndefined()
    expect(faultOf(`up{service=~'$services'}`)).toMatch(/double quotes/)
    expect(faultOf('up{service=~`$services`}')).toMatch(/double quotes/)
    expect(faultOf('up * $service')).toMatch(/double quotes/)
    expect(faultOf('label_replace(up, "a", "$step", "", "")')).toMatch(/within quotes/)
    expect(faultOf('a{s=~"$services"} + b{s="$service"}')).toMatch(/either/)
    // an escaped quote ends nothing
    expect(faultOf('up{a="\\"",service="$service"}')).toBeUndefined()
    expect(faultOf('up{a="x\\\\",service=$service}')).toMatch(/double quotes/)
  })
})
