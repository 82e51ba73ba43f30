/** Files over HTTP within limits of time and size: the edge through which a trace's origin is fetched. */
import { DatasetUnreachable } from '../dataset-error.ts'
import { readAtMost, wayTo } from '../outbound/way.ts'

export interface DownloadLimits {
  readonly timeoutMs: number
  readonly mostBytes: number
}

/** The body as text. Throws DatasetUnreachable, naming the address and what stood in the way. */
export async function download(
  url: string,
  { timeoutMs, mostBytes }: DownloadLimits,
): Promise<string> {
  try {
    const response = await wayTo(url).fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return await readAtMost(response, mostBytes)
  } catch (cause) {
    const late = cause instanceof Error && cause.name === 'TimeoutError'
    const why = late ? `no whole answer within ${timeoutMs / 1000} s` : rootMessage(cause)
    throw new DatasetUnreachable(`${shown(url)} could not be fetched: ${why}`, { cause })
  }
}

/** A mirror's address may hold a password, or a token in its query. */
function shown(url: string): string {
  const { origin, pathname } = URL.parse(url) ?? {}
  return origin === undefined ? 'what is no address' : `${origin}${pathname}`
}

/** What stood at the bottom of it: "fetch failed" alone tells nobody anything. */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return rootMessage(error.cause)
  return error.message || error.name
}
