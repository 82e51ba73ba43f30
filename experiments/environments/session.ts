/** One client's environments: a line in, a line out (protocol.ts). Whatever comes in, an answer goes out. */
import type { z } from 'zod'
import { DatasetError } from '../../datasets/dataset-error.ts'
import { fieldErrors } from '../../services/http/field-errors.ts'
import { EnvironmentError } from './environment.ts'
import { plantOf } from './plants.ts'
import type { PrepareParts } from './prepare.ts'
import {
  type Answer,
  Envelope,
  type Failure,
  LIMITS,
  METHODS,
  type Method,
  PROTOCOL_VERSION,
  REQUESTS,
} from './protocol.ts'
import { type Served, serve } from './served.ts'

export interface Session {
  /** The answer to one line; lines are answered in the order in which they were handed in. */
  handle(line: string): Promise<string>
}

type Params<M extends Method> = NonNullable<z.infer<(typeof REQUESTS)[M]>['params']>

/** `plants`: the simulator of a configuration's name for it. */
export function createSession(parts: Omit<PrepareParts, 'createPlant'>, plants = plantOf): Session {
  const open = new Map<string, Served>()
  let made = 0
  let busy: Promise<unknown> = Promise.resolve()

  const find = (environment: string): Served => {
    const served = open.get(environment)
    if (served !== undefined) return served
    const allowed = [...open.keys()].slice(-5).join(', ') || 'none: make one first'
    throw new EnvironmentError('params.environment', environment, allowed)
  }
  const methods: { [M in Method]: (params: Params<M>) => unknown } = {
    hello: () => ({ protocol: PROTOCOL_VERSION, methods: METHODS, limits: LIMITS }),
    make: async ({ config, count }) => {
      if (open.size >= LIMITS.environments)
        throw new EnvironmentError('environments', open.size + 1, `${LIMITS.environments} at once`)
      const held = [...open.values()].reduce((sum, { steps }) => sum + steps, 0)
      const served = await serve(config, count, {
        ...parts,
        mostSteps: LIMITS.steps - held,
        createPlant: plants(config.plant),
      })
      const environment = `e${++made}`
      open.set(environment, served)
      return { environment, ...served.description }
    },
    reset: ({ environment, seed, options }) =>
      find(environment).reset(seed ?? undefined, options ?? undefined),
    step: ({ environment, action }) => find(environment).step(action),
    state: ({ environment }) => find(environment).state(),
    close: ({ environment }) => {
      find(environment)
      open.delete(environment)
      return {}
    },
  }
  const call = async <M extends Method>(method: M, data: unknown): Promise<unknown> => {
    const request = REQUESTS[method].safeParse(data)
    if (!request.success) throw new InvalidRequest(request.error, data)
    return methods[method]((request.data.params ?? {}) as Params<M>)
  }
  const answer = async (line: string): Promise<Answer> => {
    let id: Answer['id'] = null
    try {
      const data = readJson(line)
      const envelope = Envelope.safeParse(data)
      id = idOf(data)
      if (!envelope.success) throw new InvalidRequest(envelope.error, data)
      return { id, result: await call(envelope.data.method, data) }
    } catch (error) {
      return { id, error: failureOf(error) }
    }
  }
  return {
    handle(line) {
      const answered = busy.then(() => answer(line))
      busy = answered
      return answered.then((value) => JSON.stringify(value))
    },
  }
}

class InvalidRequest extends Error {
  readonly error: z.ZodError
  readonly data: unknown

  constructor(error: z.ZodError, data: unknown) {
    super('the request is not valid')
    this.error = error
    this.data = data
  }
}

function readJson(line: string): unknown {
  if (line.length > LIMITS.lineLength)
    throw new EnvironmentError('line', `${line.length} characters`, `${LIMITS.lineLength} at most`)
  try {
    return JSON.parse(line)
  } catch {
    throw new EnvironmentError('line', line.slice(0, 80), 'one JSON object a line')
  }
}

function idOf(data: unknown): Answer['id'] {
  const id = Envelope.pick({ id: true }).safeParse(data)
  return id.success ? id.data.id : null
}

function failureOf(error: unknown): Failure {
  if (error instanceof InvalidRequest) {
    const errors = fieldErrors(error.error.issues, error.data)
    const [first] = errors
    const detail = `${first?.field}: ${JSON.stringify(first?.value)} is not allowed; allowed: ${first?.allowed}`
    return { code: 'invalid-request', detail, errors }
  }
  if (error instanceof EnvironmentError || error instanceof DatasetError) {
    const { field, value, allowed } = error
    const errors = [{ field, value: value ?? null, allowed }]
    return { code: 'invalid-request', detail: error.message, errors }
  }
  const detail = error instanceof Error ? error.message : String(error)
  return { code: 'internal', detail, errors: [] }
}
