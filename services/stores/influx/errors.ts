/** What can be wrong with InfluxDB's answers, and what of it another try may mend. */
import { HttpError } from '@influxdata/influxdb-client'
import { rootMessage } from '../../../datasets/traces/download.ts'

/** It answered, but not what was asked for. */
export class InfluxAnswerError extends Error {}

/** The server refuses these lines as they are; sent again they would be refused again. */
export function isRefusal(error: unknown): boolean {
  return error instanceof HttpError && [400, 413, 422].includes(error.statusCode)
}

/** What the server asked to wait before another try, ms; 0 where it said nothing. */
export function askedToWaitMs(error: unknown): number {
  return error instanceof HttpError ? error.retryAfter() : 0
}

export function messageOf(error: unknown): string {
  return error instanceof HttpError
    ? `HTTP ${error.statusCode}: ${error.message.slice(0, 200)}`
    : rootMessage(error)
}
