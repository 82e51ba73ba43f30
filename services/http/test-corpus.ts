/** Messages that no honest client sends, as bytes: request smuggling, broken framing, odd targets, other protocols. */
import fc from 'fast-check'

/** What must never be carried out: the second request in the body of a first. */
const SMUGGLED = 'POST /v1/pause HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n'
const POST = 'POST /v1/samples HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n'
const GET = 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n'

const LENGTHS = [
  '+5',
  '-1',
  '0x5',
  '5 5',
  '5,5',
  '5, 6',
  '',
  ' ',
  '5;',
  '1e1',
  '٥',
  '9'.repeat(30),
  'NaN',
]
const CODINGS = [
  ...['chunked', ' chunked', 'chunked ', '\tchunked', 'xchunked', 'chunkedx', 'chunked, identity'],
  ...[
    'identity, chunked',
    'chunked, chunked',
    'CHUNKED',
    '"chunked"',
    'chunked;q=1',
    'gzip, chunked',
  ],
  ...['identity', '\x0bchunked', 'chun\x00ked', 'chunked\r\n X: y', '', 'cow'],
]
const CHUNKS = [
  ...[
    'g\r\n',
    '-1\r\n',
    '0x1\r\na\r\n',
    `${'f'.repeat(17)}\r\n`,
    '1\r\naXX',
    '1\na\n0\n\n',
    ' 1\r\na\r\n',
  ],
  ...[
    '1 \r\na\r\n0\r\n\r\n',
    `1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
    '1;a="\n"\r\na\r\n',
    '1\r\na\r\n0\r\n',
  ],
  ...['\r\n', '1\ra\r\n', '٣\r\nabc\r\n0\r\n\r\n', '1_0\r\n'],
]
const HEADERS = [
  ...[
    'Host : 127.0.0.1',
    ' Host: x',
    'Host: 127.0.0.1\r\nHost: evil.example',
    'X: a\r\n b',
    'X: a\r\n\tb',
  ],
  ...[
    'X\x00: a',
    'X: a\x00b',
    'X: a\rb',
    'X: a\nContent-Length: 5',
    ': empty',
    'no colon at all',
    'X: \x7f',
  ],
  ...[
    'Expect: 200-maybe',
    'Expect: 100-continue',
    'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings',
  ],
  ...[
    'Connection: close, keep-alive',
    'Content-Length: 5\r\nContent-Length: 6',
    'Trailer: Host',
    'X(): y',
  ],
  ...[`X: ${'a'.repeat(70_000)}`, `${'X'.repeat(20_000)}: a`, 'Cookie: __proto__=1; constructor=2'],
  Array.from({ length: 5000 }, (_, i) => `X-${i}: 1`).join('\r\n'),
]
const TARGETS = [
  ...[
    '*',
    '',
    'livez',
    '//livez',
    'http://evil.example/v1/pause',
    'http://127.0.0.1/v1/budget',
    '/%00',
  ],
  ...[
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%5c..%5cetc',
    '/%c0%ae%c0%ae/',
    '/%ff',
    '/%',
    '/%zz',
    '/a b',
    '/\x00',
  ],
  ...[
    '/\\..\\..',
    '/v1/services/%2f',
    '/?__proto__[x]=1',
    '/livez#x',
    `/${'a'.repeat(70_000)}`,
    '/\u00e9',
    '/{file}',
  ],
  ...[
    '/assets/..%2f..%2f..%2fetc%2fpasswd',
    '/docs/%2e%2e%2fpackage.json',
    'unix:/x',
    'http://[::1',
    'file:///etc',
  ],
]
const VERSIONS = [
  'HTTP/0.9',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/9.9',
  'http/1.1',
  'HTTP/1',
  'HTTP/1.1x',
  'XTTP/1.1',
  '',
]
const METHODS = [
  'GETT',
  'get',
  'G T',
  'CONNECT',
  'TRACE',
  'PRI',
  'M-SEARCH',
  'A'.repeat(9000),
  '\x00',
  'DEBUG',
  'PURGE',
]
const OTHERS = [
  ...[
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET /livez\r\n',
    'HELO mail.example\r\n',
    '*1\r\n$4\r\nPING\r\n',
  ],
  ...[
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    '\r\n\r\n\r\n',
    '\x00'.repeat(1000),
    '\xff'.repeat(1000),
  ],
  ...[
    `${GET}\n`,
    `${GET.replaceAll('\r\n', '\n')}\n`,
    GET,
    'G',
    `${GET}\r\n${GET}\r\n${GET}\r\n`,
    '{"json":1}',
  ],
]

function shaped(): string[] {
  const body = '5\r\nhello\r\n0\r\n\r\n'
  return [
    ...LENGTHS.map((length) => `${POST}Content-Length: ${length}\r\n\r\n${SMUGGLED}`),
    ...CODINGS.flatMap((coding) => [
      `${POST}Transfer-Encoding: ${coding}\r\n\r\n${body}${SMUGGLED}`.replace(SMUGGLED, ''),
      `${POST}Content-Length: 4\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n${SMUGGLED}`,
      `${POST}Transfer-Encoding: ${coding}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      `${POST}Transfer-Encoding: ${coding}\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ]),
    ...CHUNKS.map((chunk) => `${POST}Transfer-Encoding: chunked\r\n\r\n${chunk}${SMUGGLED}`),
    ...HEADERS.map((header) => `${GET}${header}\r\n\r\n`),
    ...TARGETS.map((target) => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
    ...TARGETS.map(
      (target) => `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`,
    ),
    ...VERSIONS.map((version) => `GET /livez ${version}\r\nHost: 127.0.0.1\r\n\r\n`),
    ...METHODS.map((method) => `${method} /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
    ...OTHERS,
  ]
}

/** `count` messages: all shaped ones, then some of them cut off, repeated or with bytes changed. */
export function corpus(count: number, seed: number): Buffer[] {
  const known = shaped().map((text) => Buffer.from(text, 'latin1'))
  const mutation = fc.record({
    of: fc.nat(known.length - 1),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 4 }),
    cut: fc.boolean(),
  })
  const mutated = fc.sample(mutation, { numRuns: count - known.length, seed }).map((change) => {
    // a changed byte may make two honest requests of it, so the second one asks for nothing
    const message = Buffer.from(
      known[change.of]!.toString('latin1').replaceAll('v1/pause', 'v1/p'),
      'latin1',
    )
    const at = Math.floor(change.at * message.length)
    if (change.cut) return message.subarray(0, at)
    return Buffer.concat([message.subarray(0, at), change.bytes, message.subarray(at + 1)])
  })
  return [...known, ...mutated]
}
