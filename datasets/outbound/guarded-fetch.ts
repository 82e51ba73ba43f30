/**
 * Requests whose whole answer is a short text: webhooks, key sets of an identity provider. Only addresses that rules.ts
 * lets through are connected to; redirects are followed on the same host and port only.
 */
import { Agent, fetch as undiciFetch } from 'undici'
import {
  checkedLookup,
  checkLiteral,
  checkUrl,
  OutboundRefused,
  type OutboundRule,
  type Resolve,
} from './rules.ts'

export interface OutboundOptions {
  readonly allow: readonly OutboundRule[]
  readonly timeoutMs?: number | undefined
  /** For tests. */
  readonly lookup?: Resolve | undefined
  readonly mostBytes?: number | undefined
  /** On the same host; 3 when not given. */
  readonly mostRedirects?: number | undefined
}

export interface OutboundAnswer {
  readonly status: number
  readonly text: string
}

export interface OutboundRequest {
  readonly method?: string | undefined
  readonly headers?: Record<string, string> | undefined
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface GuardedFetch {
  (url: string, init?: OutboundRequest): Promise<OutboundAnswer>
  close(): Promise<void>
}

const TIMEOUT_MS = 10_000
const MOST_BYTES = 4 * 1024 * 1024
const MOST_REDIRECTS = 3
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

export function createGuardedFetch(options: OutboundOptions): GuardedFetch {
  const {
    allow,
    timeoutMs = TIMEOUT_MS,
    mostBytes = MOST_BYTES,
    mostRedirects = MOST_REDIRECTS,
    lookup,
  } = options
  const agents = new Map<OutboundRule, Agent>()
  const agentOf = (rule: OutboundRule): Agent => {
    const known = agents.get(rule)
    if (known) return known
    const agent = new Agent({
      ...{ allowH2: false, connect: { lookup: checkedLookup(rule, lookup), timeout: timeoutMs } },
      ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, maxResponseSize: mostBytes },
    })
    agents.set(rule, agent)
    return agent
  }
  const guarded: GuardedFetch = Object.assign(
    async (text: string, init: OutboundRequest = {}) => {
      const { method = 'GET', headers = {}, body = null } = init
      const late = AbortSignal.timeout(timeoutMs)
      const signal = init.signal ? AbortSignal.any([late, init.signal]) : late
      let at = text
      for (let hop = 0; hop <= mostRedirects; hop++) {
        const { url, rule } = checkUrl(at, allow)
        checkLiteral(url, rule)
        const dispatcher = agentOf(rule)
        const response = await undiciFetch(url, {
          ...{ method, headers, body, dispatcher, signal },
          redirect: 'manual',
        })
        if (!REDIRECTS.includes(response.status))
          return { status: response.status, text: await response.text() }
        await response.body?.cancel()
        at = sameHost(url, response.headers.get('location'))
      }
      throw new OutboundRefused(`more than ${mostRedirects} redirects`)
    },
    { close: async () => void (await Promise.all([...agents.values()].map((a) => a.close()))) },
  )
  return guarded
}

function sameHost(from: URL, location: string | null): string {
  const to = URL.parse(location ?? '', from.href)
  if (to?.host === from.host && to.protocol === from.protocol) return to.href
  throw new OutboundRefused(`it redirects to another host: ${to?.host ?? 'nowhere'}`)
}
