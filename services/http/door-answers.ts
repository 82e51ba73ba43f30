/** What every route may answer because of the door, written into OpenAPI in one place: how to say who one is, and refusals. */
import { BEARER, SESSION } from './permission.ts'
import type { ProblemCode } from './problem.ts'
import { problems } from './route.ts'

/** The part of an OpenAPI document that is filled in here. */
interface Described {
  paths?: Record<string, object>
  components?: { securitySchemes?: unknown }
}
interface Operation {
  security?: readonly object[]
  responses: Record<string, object>
}

interface Answer {
  readonly description: string
  readonly content: Readonly<Record<string, { readonly example?: unknown }>>
}

const METHODS: readonly string[] = ['get', 'put', 'post', 'delete', 'patch']
const ANYBODY: readonly ProblemCode[] = ['host-not-allowed', 'too-many-requests']
const CALLER: readonly ProblemCode[] = ['unauthenticated', 'forbidden']
const WRITE: readonly ProblemCode[] = ['cross-origin-write', 'csrf-token-wrong']
const WITH_BODY: readonly ProblemCode[] = ['body-too-large', 'unsupported-media-type']

const PROBLEM = { $ref: '#/components/schemas/Problem' }

/** As in a document that is written already, where schemas are references. */
function answers(codes: readonly ProblemCode[]): Record<string, object> {
  const described: Readonly<Record<string, Answer>> = problems(...codes)
  return Object.fromEntries(
    Object.entries(described).map(([status, { description, content }]) => {
      const [[type, { example }] = ['', { example: undefined }]] = Object.entries(content)
      return [status, { description, content: { [type]: { schema: PROBLEM, example } } }]
    }),
  )
}

/** The document itself, filled in; what a route says of a status itself stays. */
export function withAnswersOfTheDoor<Document extends Described>(document: Document): Document {
  for (const item of Object.values(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item)) {
      if (!METHODS.includes(method)) continue
      const { security = [], responses } = operation as Operation
      const codes = [
        ...ANYBODY,
        ...(security.length > 0 ? CALLER : []),
        ...(method === 'get' ? [] : [...WRITE, ...WITH_BODY]),
      ]
      ;(operation as Operation).responses = { ...answers(codes), ...responses }
    }
  }
  document.components = {
    ...document.components,
    securitySchemes: {
      [BEARER]: {
        type: 'http',
        scheme: 'bearer',
        description:
          'An API key (`forescale keys create`) or a token of the configured issuer. What a route lists is the least role; needed where http.auth.required.',
      },
      [SESSION]: {
        type: 'apiKey',
        in: 'cookie',
        name: 'forescale_session',
        description:
          'From POST /v1/session; every change then needs the header x-csrf-token as well.',
      },
    },
  }
  return document
}
