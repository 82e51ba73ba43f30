/** JSON logs to stderr: stdout belongs to the program's answers. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { z } from 'zod'
import { secrets } from './secrets.ts'
import { traceFields } from './spans.ts'

const Level = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])

/** A logger whose lines carry `component`. Throws when LOG_LEVEL is no level. */
export function createLogger(
  component: string,
  options: { env?: NodeJS.ProcessEnv; to?: DestinationStream } = {},
): Logger {
  const { env = process.env, to = pino.destination({ fd: 2, sync: true }) } = options
  const asked = env.LOG_LEVEL === undefined || env.LOG_LEVEL === '' ? 'info' : env.LOG_LEVEL
  const level = Level.safeParse(asked)
  if (!level.success) {
    throw new Error(`LOG_LEVEL: "${asked}" is not allowed; allowed: ${Level.options.join(' | ')}`)
  }
  return pino(
    {
      level: level.data,
      base: { component },
      mixin: traceFields,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: secrets.hide },
      redact: { paths: ['password', 'token', '*.password', '*.token', '*.authorization'] },
    },
    to,
  )
}
