/** Calls the controller's HTTP API. What goes wrong becomes a CommandFailure with the exit code that fits. */
import { z } from 'zod'
import { CommandFailure, EXIT, type ExitCode } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

export interface ApiOptions {
  readonly url: string
  readonly timeoutMs: number
  /** API key or token; undefined where nobody has to say who they are. */
  readonly key?: string | undefined
}

export interface Api {
  readonly url: string
  /** The answer as it came, for --json. */
  raw(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** The answer, read by its schema. */
  get<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>>
}

const KEY_HINT = 'FORESCALE_API_KEY or --key-file; "forescale keys create" makes one'

/** What every refusal of the API has (RFC 9457). */
const ProblemAnswer = z.object({ title: z.string(), detail: z.string(), code: z.string() })

/** The API refused: `status` and the stable `code` of the problem. */
export class ApiProblem extends CommandFailure {
  readonly status: number
  readonly code: string
  /** What was answered. */
  readonly answer: unknown

  constructor(status: number, code: string, message: string, answer: unknown) {
    super(exitCodeOf(status, code), message)
    this.status = status
    this.code = code
    this.answer = answer
  }
}

export function createApi({ url, timeoutMs, key }: ApiOptions, terminal: Terminal): Api {
  const raw: Api['raw'] = async (method, path, body) => {
    const answer = await terminal.waitFor(
      `waiting for ${url}`,
      call({ url, timeoutMs, key }, method, path, body),
    )
    if (answer.ok) return answer.value
    throw problemOf(answer.status, answer.value, `${method} ${path}`)
  }
  return {
    url,
    raw,
    async get(path, schema) {
      return read(schema, await raw('GET', path), url)
    },
  }
}

/** Throws a failure that names what does not fit. */
export function read<T extends z.ZodType>(schema: T, value: unknown, url: string): z.infer<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new CommandFailure(
    EXIT.failure,
    `the answer of ${url} is not understood: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
    'is the controller of another version? --json shows the answer as it is',
  )
}

interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly value: unknown
}

async function call(
  { url, timeoutMs, key }: ApiOptions,
  method: string,
  path: string,
  body: unknown,
): Promise<Answer> {
  try {
    const response = await fetch(new URL(path, `${url}/`), {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error', // a key goes nowhere else
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { ok: response.ok, status: response.status, value: jsonOrText(text) }
  } catch (cause) {
    throw unreachable(url, timeoutMs, cause)
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function unreachable(url: string, timeoutMs: number, cause: unknown): CommandFailure {
  const late = cause instanceof Error && cause.name === 'TimeoutError'
  const why = late ? `no answer within ${timeoutMs / 1000} s` : rootMessage(cause)
  return new CommandFailure(
    EXIT.unreachable,
    `the controller at ${url} cannot be reached: ${why}`,
    late
      ? 'give it more time with --timeout'
      : 'is it running? start it with "forescale up", or name another with --url',
    { cause },
  )
}

function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return rootMessage(error.cause)
  return error.message || error.name
}

function problemOf(status: number, value: unknown, what: string): ApiProblem {
  const problem = ProblemAnswer.safeParse(value)
  if (!problem.success)
    return new ApiProblem(status, 'unknown', `${what} was answered with HTTP ${status}`, value)
  const { title, detail, code } = problem.data
  if (status === 401)
    return new ApiProblem(status, code, `${title}: ${detail} (${KEY_HINT})`, value)
  return new ApiProblem(status, code, detail === title ? title : `${title}: ${detail}`, value)
}

function exitCodeOf(status: number, code: string): ExitCode {
  if (code === 'invalid-config') return EXIT.configInvalid
  if (code === 'forecast-expired') return EXIT.failure
  if (status === 400 || status === 422) return EXIT.usage
  if (status === 409) return EXIT.conflict
  return status === 502 || status === 503 || status === 504 ? EXIT.unreachable : EXIT.failure
}
