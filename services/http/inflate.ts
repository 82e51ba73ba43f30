/**
 * A gzipped body made plain before a route reads it. Bounded twice, because ten kilobytes can hold a gigabyte: by a
 * hundred times the packed size and by an absolute one.
 */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Context } from 'hono'
import { invalidRequest, ProblemError } from './problem.ts'

const MOST_BYTES = 64 * 1024 * 1024
const MOST_RATIO = 100
/** Small bodies may be of one letter only. */
const ALWAYS_BYTES = 64 * 1024

const unpack = promisify(gunzip)

export async function inflate(c: Context): Promise<void> {
  const packed = new Uint8Array(await c.req.raw.arrayBuffer())
  const maxOutputLength = Math.min(
    MOST_BYTES,
    Math.max(ALWAYS_BYTES, MOST_RATIO * packed.byteLength),
  )
  const headers = new Headers(c.req.raw.headers)
  headers.delete('content-encoding')
  headers.delete('content-length')
  const { url, method } = c.req.raw
  const body = await unpack(packed, { maxOutputLength }).catch((error: unknown) => {
    throw refusal(error, maxOutputLength)
  })
  c.req.raw = new Request(url, { method, headers, body: new Uint8Array(body) })
}

function refusal(error: unknown, most: number): ProblemError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new ProblemError('body-too-large', `the body unpacks to more than ${most} bytes`, [
      { field: 'body', value: 'gzip', allowed: `at most ${most} bytes unpacked` },
    ])
  return invalidRequest([{ field: 'body', value: String(code ?? 'gzip'), allowed: 'gzip as said' }])
}
