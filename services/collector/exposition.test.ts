import { Counter, Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { ExpositionError, readExposition } from './exposition.ts'

const one = (line: string) => readExposition(line)[0]!

describe('a page of metrics', () => {
  it('is read by name, labels and value; comments, types and empty lines are passed over', () => {
    const page = [
      '# HELP http_requests_total The total number of HTTP requests.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      '',
      '  metric_without_labels 12.47  ',
      'something_weird{problem="division by zero"} +Inf -3982045',
    ].join('\n')
    expect(readExposition(page)).toEqual([
      { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027 },
      { name: 'metric_without_labels', labels: {}, value: 12.47 },
      {
        name: 'something_weird',
        labels: { problem: 'division by zero' },
        value: Number.POSITIVE_INFINITY,
      },
    ])
    expect(readExposition('')).toEqual([])
  })

  it.each([
    ['NaN', Number.NaN],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['1.7560473e+07', 17_560_473],
    ['-0.5', -0.5],
  ])('may hold the value %s', (text, value) => {
    expect(one(`m ${text}`).value).toBe(value)
  })

  it('resolves the three escapes of labels, and no other', () => {
    expect(one(String.raw`m{path="C:\\new",say="a \"b\", {c}",l="x\ny"} 1`).labels).toEqual({
      path: String.raw`C:\new`,
      say: 'a "b", {c}',
      l: 'x\ny',
    })
  })

  it('may have spaces around labels, none before the value, and a comma after the last', () => {
    const labels = { a: '1', b: '' }
    expect(one('m { a = "1" , b="" , } 2')).toEqual({ name: 'm', labels, value: 2 })
    expect(one('m{a="1",b=""}2')).toEqual({ name: 'm', labels, value: 2 })
    expect(one('m{} 2')).toEqual({ name: 'm', labels: {}, value: 2 })
  })

  it.each([
    'm',
    'm1',
    'm one',
    'm 0x',
    '1m 1',
    'm{a=1} 1',
    'm{a="1} 1',
    'm{a="1"b="2"} 1',
    'm{,} 1',
    'm{1="1"} 1',
    'm 1 2 3',
    'm 1 1.5',
    '<html>',
  ])('is refused with the number of its line: %s', (line) => {
    expect(() => readExposition(`# a comment\nok 1\n${line}`)).toThrow(ExpositionError)
    expect(() => readExposition(`# a comment\nok 1\n${line}`)).toThrow(/line 3/)
  })

  it('of prom-client is read whole', async () => {
    const registers = [new Registry()]
    const requests = new Counter({ name: 'r_total', help: 'h', labelNames: ['to'], registers })
    const seconds = new Histogram({ name: 's', help: 'h', buckets: [0.1, 1], registers })
    requests.inc({ to: 'a "quoted" \\ name\n' }, 3)
    seconds.observe(0.5)
    expect(readExposition(await registers[0]!.metrics())).toEqual([
      { name: 'r_total', labels: { to: 'a "quoted" \\ name\n' }, value: 3 },
      { name: 's_bucket', labels: { le: '0.1' }, value: 0 },
      { name: 's_bucket', labels: { le: '1' }, value: 1 },
      { name: 's_bucket', labels: { le: '+Inf' }, value: 1 },
      { name: 's_sum', labels: {}, value: 0.5 },
      { name: 's_count', labels: {}, value: 1 },
    ])
  })
})
