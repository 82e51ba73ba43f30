/** Errors of the demo's own small HTTP faces, as problem+json (RFC 9457) naming field, value and what is allowed. */
import type { z } from 'zod'

export class HttpProblem extends Error {
  readonly status: number
  readonly title: string

  constructor(status: number, title: string, detail: string) {
    super(detail)
    this.status = status
    this.title = title
  }
}

export function problemBody(problem: HttpProblem): string {
  const { status, title, message } = problem
  return JSON.stringify({ type: 'about:blank', title, status, detail: message })
}

/** For Hono's onError: a problem as it is, anything else as 500. */
export function problemAnswer(error: unknown): Response {
  const problem =
    error instanceof HttpProblem ? error : new HttpProblem(500, 'Internal error', String(error))
  return new Response(problemBody(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

/** The request's JSON body by `schema`; throws a 400 problem that says what is wrong with it. */
export async function readBody<Schema extends z.ZodType>(
  request: { json(): Promise<unknown> },
  schema: Schema,
): Promise<z.infer<Schema>> {
  const body = await request.json().catch(() => undefined)
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => {
    const value = issue.path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
      body,
    )
    return `${issue.path.join('.') || 'body'} = ${JSON.stringify(value)}: ${issue.message}`
  })
  throw new HttpProblem(400, 'Invalid request', faults.join('; '))
}

/** Throws a 404 problem that lists the services there are. */
export function unknownService(name: string, known: Iterable<string>): HttpProblem {
  return new HttpProblem(
    404,
    'No such service',
    `service = "${name}"; allowed: ${[...known].join(', ')}`,
  )
}
