/** Requests to addresses that somebody else named: payloads from the field's lists, with a canary that must hear nothing. */
import type { lookup } from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts'
import { checkAddress, OutboundRefused, type OutboundRule, rulesOf } from './rules.ts'

let canary: Server
let port: number
let heard: string[] = []
const opened: GuardedFetch[] = []

beforeAll(async () => {
  canary = createServer((request, response) => {
    heard.push(`${request.headers.host}${request.url}`)
    const to = new URL(request.url ?? '/', 'http://canary').searchParams.get('to')
    if (to === null) return response.end('{"secret":1}')
    return response.writeHead(302, { location: to }).end()
  })
  canary.on('connection', () => heard.push('connection'))
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  port = (canary.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => canary.close(resolve)))
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  heard = []
})

/** A resolver that answers what it is told, a different answer at each time if there are several. */
function resolver(answers: Readonly<Record<string, readonly (readonly string[])[]>>) {
  const asked = new Map<string, number>()
  return ((name: string, _options: unknown, callback: (...given: unknown[]) => void) => {
    const n = asked.get(name) ?? 0
    asked.set(name, n + 1)
    const found = answers[name]?.[Math.min(n, (answers[name]?.length ?? 1) - 1)]
    if (found === undefined)
      return callback(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }))
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as unknown as typeof lookup
}

function guarded(allow: readonly OutboundRule[], names: Parameters<typeof resolver>[0] = {}) {
  const made = createGuardedFetch({ allow, lookup: resolver(names), timeoutMs: 2000 })
  opened.push(made)
  return made
}
const ended = (work: Promise<unknown>) =>
  work.then(
    () => 'sent',
    (error: unknown) => error,
  )

/** Ways to write this machine, its neighbours and the places where clouds hand out credentials. */
const payloads = (p: number): string[] =>
  [
    ...['127.0.0.1', '127.1', '127.0.1', '0x7f.1', '0x7f000001', '2130706433', '017700000001'],
    ...['0177.0.0.1', '0177.0.0.01', '127.000.000.001', '0', '0.0.0.0', '127.127.127.127', '[::1]'],
    ...[
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:ffff:127.0.0.1]',
      '[::127.0.0.1]',
    ],
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'localtest.me',
      '127.0.0.1.nip.io',
      'spoofed.example',
    ],
    ...[
      '①②⑦.⓪.⓪.①',
      '127。0。0。1',
      '127.0.0.1%00.example',
      'example.com@127.0.0.1',
      'a:b@127.0.0.1',
    ],
    ...[
      ...['127.0.0.1:80@127.0.0.1', '0x7f.0.0.1', '0177.1', '[::ffff:0:127.0.0.1]', '127.0.0.1.'],
      ...['[0000::1]', '127.255.255.254', 'localhost.localdomain', 'ip6-localhost', '0000.0.0.0'],
      ...['[::1%25lo]'],
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      '0x7F.0x0.0x0.0x1',
      '%31%32%37.0.0.1',
    ],
  ].map((host) => `http://${host}:${p}/`)
const metadata = [
  ...['169.254.169.254', '169.254.170.2', '0xa9fea9fe', '2852039166', '[::ffff:169.254.169.254]'],
  ...[
    '[fd00:ec2::254]',
    'metadata.google.internal',
    'metadata',
    '100.100.100.200',
    '168.63.129.16',
  ],
  ...['instance-data', '169.254.169.254.nip.io', '[fe80::1]', '[::ffff:a9fe:a9fe]', '192.0.0.192'],
].map((host) => `http://${host}/latest/meta-data/`)
const otherSchemes = [
  ...['file:///etc/passwd', 'file://localhost/etc/passwd', 'gopher://127.0.0.1:6379/_INFO'],
  ...['dict://127.0.0.1:11211/', 'ftp://127.0.0.1/', 'ldap://127.0.0.1/', 'data:text/plain,x'],
  ...['unix:/var/run/docker.sock', 'http+unix://%2Fvar%2Frun%2Fdocker.sock/', 'jar:http://x!/'],
  ...['javascript:alert(1)', 'ws://127.0.0.1/', 'blob:http://127.0.0.1/x', 'about:blank', ''],
  ...['//127.0.0.1/', 'http:127.0.0.1', 'http:///127.0.0.1', 'http:\\\\127.0.0.1\\', 'http://'],
  ...[
    'hTTps://127.0.0.1/',
    ' http://127.0.0.1/',
    'http://127.0.0.1\t/',
    'http://allowed.example:81/',
  ],
]

describe('an address that nobody allowed', () => {
  it('is not connected to, however it is written', async () => {
    const all = [...payloads(port), ...metadata, ...otherSchemes]
    const get = guarded([{ host: 'allowed.example' }], {
      'allowed.example': [['93.184.216.34']],
      'localtest.me': [['127.0.0.1']],
      '127.0.0.1.nip.io': [['127.0.0.1']],
      'spoofed.example': [['127.0.0.1']],
    })
    for (const url of all) expect(await ended(get(url)), url).toBeInstanceOf(OutboundRefused)
    console.log(`outbound: ${all.length} payloads, ${heard.length} connections at the canary`)
    expect([all.length >= 80, heard]).toEqual([true, []])
  })

  it('is not connected to when an allowed name resolves to it, at once or the second time', async () => {
    const at = (host: string) => `http://${host}:${port}/`
    const names = {
      'a.example': [['127.0.0.1']],
      'b.example': [['::1']],
      'c.example': [['::ffff:127.0.0.1']],
      'd.example': [['93.184.216.34', '127.0.0.1']],
      'e.example': [['169.254.169.254']],
      'f.example': [['0.0.0.0']],
      'g.example': [['fe80::1']],
      'h.example': [['64:ff9b::7f00:1']],
    }
    const get = guarded(rulesOf(Object.keys(names).map(at)), names)
    for (const host of Object.keys(names)) {
      const error = await ended(get(at(host)))
      expect(String((error as Error).cause ?? error), host).toMatch(/refused|loopback/)
    }
    expect(heard).toEqual([])
  })

  it('is not followed to', async () => {
    const own = `http://127.0.0.1:${port}`
    const get = guarded(rulesOf([own]))
    const elsewhere = [
      ...[
        `http://localhost:${port}/`,
        'http://169.254.169.254/',
        'file:///etc/passwd',
        '//evil.example/',
      ],
      ...[`https://127.0.0.1:${port}/`, `http://127.0.0.1:${port + 1}/`, `http://[::1]:${port}/`],
    ]
    for (const to of elsewhere) {
      const error = await ended(get(`${own}/?to=${encodeURIComponent(to)}`))
      expect(error, to).toBeInstanceOf(OutboundRefused)
    }
    expect(heard.filter((line) => line.endsWith('}'))).toEqual([])
  })
})

describe('an address that is allowed', () => {
  it('is asked, and followed on the same host', async () => {
    const own = `http://127.0.0.1:${port}`
    const get = guarded(rulesOf([own]))
    expect(await get(`${own}/`)).toEqual({ status: 200, text: '{"secret":1}' })
    expect((await get(`${own}/?to=/there`)).status).toBe(200)
    const round = `${own}/?to=${encodeURIComponent(`/?to=${encodeURIComponent('/?to=%2F%3Fto%3D%252F%253Fto%253D%25252F')}`)}`
    expect(await ended(get(round))).toBeInstanceOf(OutboundRefused)
  })

  it('may be a private one, where stores live, or must lie in the networks that are named', async () => {
    const rule = { host: 'influx.internal' }
    for (const address of ['10.1.2.3', '172.16.0.1', '192.168.1.1', 'fd12::1', '100.64.0.1'])
      expect(() => checkAddress(address, rule), address).not.toThrow()
    const narrow = { host: 'influx.internal', networks: ['10.0.0.0/8', 'fd12::/16'] }
    expect(() => checkAddress('10.1.2.3', narrow)).not.toThrow()
    expect(() => checkAddress('192.168.1.1', narrow)).toThrow('192.168.1.1')
    expect(() => checkAddress('169.254.169.254', { ...narrow, networks: ['0.0.0.0/0'] })).toThrow()
    const get = guarded([{ host: '*.internal', port, networks: ['127.0.0.0/8'] }], {
      'a.internal': [['127.0.0.1']],
    })
    expect((await get(`http://a.internal:${port}/`)).status).toBe(200)
    expect(await ended(get(`http://internal:${port}/`))).toBeInstanceOf(OutboundRefused)
  })

  it('is given up on when its answer is too long or too slow', async () => {
    const slow = createServer((_request, response) => void response.write('x'.repeat(100)))
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    const own = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`
    const get = createGuardedFetch({ allow: rulesOf([own]), timeoutMs: 300 })
    const sinceMs = performance.now()
    expect(await ended(get(own))).toBeInstanceOf(Error)
    expect(performance.now() - sinceMs).toBeLessThan(3000)
    const short = createGuardedFetch({ allow: rulesOf([own]), timeoutMs: 3000, mostBytes: 50 })
    expect(await ended(short(own))).toBeInstanceOf(Error)
    await get.close()
    await short.close()
    slow.closeAllConnections()
    slow.close()
  })
})
