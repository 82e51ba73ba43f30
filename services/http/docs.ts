/** The API describes itself: OpenAPI 3.1 made from the routes, and a page to browse it that needs no network. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ProposalDocument } from '../../agents/proposal.ts'
import { ForecastDocument } from '../../forecaster/forecast.ts'
import { ReplicaReport } from '../control-plane.ts'
import { DemoView } from './demo-port.ts'
import { withAnswersOfTheDoor } from './door-answers.ts'
import { OPEN } from './permission.ts'
import { Problem, ProblemError } from './problem.ts'
import { NoQuery, strict } from './query.ts'
import { problems } from './route.ts'
import { anyType, staticFile } from './static-file.ts'

const SWAGGER = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const SWAGGER_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const
const INIT = 'init.js'

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
const PAGE = { 'cache-control': 'no-cache', 'content-security-policy': CSP }
const FILE = { 'cache-control': 'public, max-age=86400' }

const DOCS_PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Forescale API</title>
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="api"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/${INIT}"></script></body></html>`

const INIT_SCRIPT = `window.ui = SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#api', deepLinking: true, tryItOutEnabled: true,
  defaultModelsExpandDepth: 0, docExpansion: 'list', validatorUrl: null,
})\n`

const openapi = createRoute({
  method: 'get',
  path: '/openapi.json',
  ...OPEN,
  tags: ['pages'],
  summary: 'This API as an OpenAPI 3.1 document',
  request: { query: NoQuery },
  responses: {
    200: {
      description: 'OpenAPI 3.1.',
      content: {
        'application/json': {
          schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }),
          example: { openapi: '3.1.0', paths: {} },
        },
      },
    },
    ...problems('invalid-request'),
  },
})

const docsPage = createRoute({
  method: 'get',
  path: '/docs',
  ...OPEN,
  tags: ['pages'],
  summary: 'This API as a page to browse and try',
  responses: {
    200: { description: 'The page.', content: { 'text/html': { schema: z.string() } } },
  },
})

const docsFile = createRoute({
  method: 'get',
  path: '/docs/{file}',
  ...OPEN,
  tags: ['pages'],
  summary: "The page's scripts and styles",
  request: {
    params: strict({
      file: z
        .enum([...SWAGGER_FILES, INIT])
        .openapi({ description: 'A file of the page.', example: INIT }),
    }),
  },
  responses: {
    200: {
      description: 'The file.',
      content: anyType,
    },
    ...problems('invalid-request', 'not-found'),
  },
})

export function docsRoutes(app: OpenAPIHono, version: string): void {
  // Registered before first use as nullable, which would make the component itself nullable; and as a copy,
  // because a schema that is older than zod's OpenAPI extension lacks what registering needs.
  for (const schema of [ForecastDocument, ProposalDocument, ReplicaReport, Problem, DemoView]) {
    const { id, ...meta } = schema.meta() ?? {}
    app.openAPIRegistry.register(String(id), schema.meta({ ...meta, id: String(id) }))
  }
  let text: string | undefined
  app.openapi(openapi, (c) => {
    text ??= JSON.stringify(openApiDocument(app, version))
    return c.body(text, 200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
    }) as never
  })
  app.openapi(docsPage, () => {
    return new Response(DOCS_PAGE, {
      headers: { ...PAGE, 'content-type': 'text/html; charset=utf-8' },
    })
  })
  app.openapi(docsFile, async (c) => {
    const { file } = c.req.valid('param')
    if (file === INIT) {
      return new Response(INIT_SCRIPT, {
        headers: { ...FILE, 'content-type': 'text/javascript; charset=utf-8' },
      })
    }
    const found = await staticFile(SWAGGER, file, FILE)
    if (found) return found
    throw new ProblemError('not-found', `swagger-ui-dist has no ${file}: run npm ci`)
  })
}

export function openApiDocument(app: OpenAPIHono, version: string) {
  return withAnswersOfTheDoor(
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Forescale API',
        version,
        description:
          'Forecasts, proposals, decisions and their reasons. Times in queries are ISO 8601 with a zone or Unix ms; times in answers are Unix ms. Unknown fields are refused. Errors are application/problem+json (RFC 9457) and name field, value and what is allowed.',
        license: { name: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
    }),
  )
}
