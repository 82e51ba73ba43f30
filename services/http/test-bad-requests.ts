/** Wrong requests, and that each is answered with a problem which names field, value and what is allowed. */
import { expect } from 'vitest'
import type { App } from './app.ts'
import { type PROBLEMS, Problem } from './problem.ts'

export const JSON_TYPE = { 'content-type': 'application/json' }
export const send = (method: string, body: unknown) => ({
  method,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: JSON_TYPE,
})

export interface Case {
  readonly what: string
  readonly path: string
  readonly init?: RequestInit
  readonly status: number
  readonly code: keyof typeof PROBLEMS
  /** Field, value and a part of what is allowed. */
  readonly error?: readonly [field: string, value: unknown, allowed: string]
}

export const query = (
  what: string,
  path: string,
  error: readonly [field: string, value: unknown, allowed: string],
): Case => ({ what, path, status: 400, code: 'invalid-request', error })

export async function expectProblem(app: App, { path, init, status, code, error }: Case) {
  const response = await app.request(path, init)
  const problem = Problem.parse(await response.json())
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect([response.status, problem.status, problem.code]).toEqual([status, status, code])
  expect(problem.type).toBe(`urn:forescale:problem:${code}`)
  expect(problem.instance).toBe(path.split('?')[0])
  if (!error) return
  const [field, value, allowed] = error
  const found = problem.errors?.find((entry) => entry.field === field)
  expect(found).toMatchObject({ field, value })
  expect(found?.allowed).toContain(allowed)
  expect(problem.detail).toContain(field)
}
