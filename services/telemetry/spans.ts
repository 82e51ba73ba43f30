/**
 * Spans of the controller's own work: one trace a tick, whose id follows from epoch and tick, so that whoever holds a
 * decision knows its trace without a table that joins them. Without a tracer (services/telemetry/tracing.ts) all of
 * this costs a function call and does nothing else.
 */
import { createHash } from 'node:crypto'
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

const NAME = 'forescale'
const TRACE_ID = createContextKey('forescale trace id')
const TRACE_ID_HEX_DIGITS = 32

/** W3C trace id of the tick: the first 16 bytes of SHA-256 over `epoch/tick`, in hex. */
export function traceIdOfTick(epoch: string, tick: number): string {
  return createHash('sha256').update(`${epoch}/${tick}`).digest('hex').slice(0, TRACE_ID_HEX_DIGITS)
}

/** The trace id that a new root span is to have in this context; undefined: any. */
export function chosenTraceId(active: Context): string | undefined {
  const chosen = active.getValue(TRACE_ID)
  return typeof chosen === 'string' ? chosen : undefined
}

/** Runs `work` as the root of the tick's trace. */
export function inTickSpan<T>(
  { epoch, tick }: { readonly epoch: string; readonly tick: number },
  work: () => Promise<T>,
): Promise<T> {
  const root = ROOT_CONTEXT.setValue(TRACE_ID, traceIdOfTick(epoch, tick))
  return context.with(root, () => inSpan('tick', work, { 'forescale.tick': tick }))
}

/** Runs `work` in a span under the one that is active; its failure is the span's. */
export function inSpan<T>(
  name: string,
  work: () => Promise<T>,
  attributes: Attributes = {},
): Promise<T> {
  return trace.getTracer(NAME).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work()
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** The same for work that ends at once. */
export function inSpanSync<T>(name: string, work: () => T, attributes: Attributes = {}): T {
  return trace.getTracer(NAME).startActiveSpan(name, { attributes }, (span) => {
    try {
      return work()
    } catch (error) {
      fail(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** For a log line: the trace that it belongs to, if it belongs to any. */
export function traceFields(): { trace_id?: string; span_id?: string } {
  const active = trace.getActiveSpan()?.spanContext()
  return active ? { trace_id: active.traceId, span_id: active.spanId } : {}
}

function fail(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  span.recordException(error instanceof Error ? error : message)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}
