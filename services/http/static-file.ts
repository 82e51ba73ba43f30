/** Files of a built page: read from one folder, never above it, with the type their name says. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from '@hono/zod-openapi'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** For OpenAPI: each type that a file may have. */
export const anyType = Object.fromEntries(
  Object.values(TYPES)
    .filter((type) => !type.includes('json')) // of which the page has none
    .map((type) => [type, { schema: z.string() }]),
)

/** One path segment, as the routes hand it in. */
const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

export async function staticFile(
  folder: string,
  name: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response | undefined> {
  const type = TYPES[path.extname(name)]
  if (!PLAIN_NAME.test(name) || type === undefined) return undefined
  try {
    const content = await readFile(path.join(folder, name))
    return new Response(content, { headers: { ...headers, 'content-type': type } })
  } catch {
    return undefined // absent
  }
}
