/**
 * Refusals as Kubernetes' own clients read them: a meta/v1 Status. None carries Retry-After: client-go would then repeat
 * the request by itself, up to ten times, and hold up the autoscaler that asks (client-go rest/with_retry.go).
 */

const REASONS = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  500: 'InternalError',
  503: 'ServiceUnavailable',
} as const
export type StatusCode = keyof typeof REASONS

export class ApiStatus extends Error {
  override name = 'ApiStatus'
  readonly code: StatusCode
  constructor(code: StatusCode, message: string) {
    super(message)
    this.code = code
  }
}

export function statusBody({ code, message }: ApiStatus): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: REASONS[code],
    code,
  }
}
