/** Files over HTTP within limits of time and size: the edge through which a trace's origin is fetched. */
import { DatasetUnreachable } from '../dataset-error.ts'

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
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return await readAtMost(response, mostBytes)
  } catch (cause) {
    const late = cause instanceof Error && cause.name === 'TimeoutError'
    const why = late ? `no whole answer within ${timeoutMs / 1000} s` : rootMessage(cause)
    throw new DatasetUnreachable(`${url} could not be fetched: ${why}`, { cause })
  }
}

async function readAtMost(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    // leaving the loop cancels the rest of the body
    if (bytes > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What stood at the bottom of it: "fetch failed" alone tells nobody anything. */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return rootMessage(error.cause)
  return error.message || error.name
}
