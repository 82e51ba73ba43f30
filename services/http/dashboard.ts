/** The dashboard's built files. Hashed names are kept by browsers for good; the page itself is always asked for anew. */
import path from 'node:path'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { OPEN } from './permission.ts'
import { ProblemError } from './problem.ts'
import { strict } from './query.ts'
import { problems } from './route.ts'
import { anyType, staticFile } from './static-file.ts'

const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const PAGE = { 'cache-control': 'no-cache', 'content-security-policy': CSP }
const HASHED = { 'cache-control': 'public, max-age=31536000, immutable' }
const PLAIN = { 'cache-control': 'public, max-age=3600' }

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Forescale</title>
<h1>Forescale runs; its dashboard is not built</h1>
<p>Build it with <code>npm run build</code> and reload this page.</p>
<p>The API works without it: <a href="/docs">documentation</a>, <a href="/v1/services">services</a>,
<a href="/v1/decisions/latest">last decisions</a>, <a href="/metrics">metrics</a>.</p></html>`

const FileParam = strict({
  file: z.string().max(200).openapi({ description: 'A file of the page.', example: 'icon.svg' }),
})
const tags = ['pages']
const anyFile = {
  description: 'The file.',
  content: anyType,
}

const page = createRoute({
  method: 'get',
  path: '/',
  ...OPEN,
  tags,
  summary: 'The dashboard',
  responses: {
    200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
  },
})
const asset = createRoute({
  method: 'get',
  path: '/assets/{file}',
  ...OPEN,
  tags,
  summary: "The dashboard's scripts and styles",
  request: { params: FileParam },
  responses: { 200: anyFile, ...problems('invalid-request', 'not-found') },
})
const rootFile = createRoute({
  method: 'get',
  path: '/{file}',
  ...OPEN,
  tags,
  summary: "The dashboard's icon and the like",
  request: { params: FileParam },
  responses: { 200: anyFile, ...problems('invalid-request', 'not-found') },
})

/** Registered last: `/{file}` would shadow what comes after it. */
export function dashboardRoutes(app: OpenAPIHono, folder: string): void {
  app.openapi(page, async () => {
    const built = await staticFile(folder, 'index.html', PAGE)
    const headers = { ...PAGE, 'content-type': 'text/html; charset=utf-8' }
    return built ?? new Response(NOT_BUILT, { headers })
  })
  app.openapi(asset, async (c) => {
    const { file } = c.req.valid('param')
    return (await staticFile(path.join(folder, 'assets'), file, HASHED)) ?? noFile(c.req.path)
  })
  app.openapi(rootFile, async (c) => {
    const { file } = c.req.valid('param')
    return (await staticFile(folder, file, PLAIN)) ?? noFile(c.req.path)
  })
}

function noFile(at: string): never {
  throw new ProblemError(
    'not-found',
    `there is nothing at ${at}; /openapi.json lists what there is`,
  )
}
