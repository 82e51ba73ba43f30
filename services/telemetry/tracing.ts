/**
 * Traces to an OpenTelemetry collector, only when one is named: OTEL_EXPORTER_OTLP_ENDPOINT (or its _TRACES_ form)
 * and the other variables mean what the OpenTelemetry specification says, sampling and headers included. The SDK is
 * loaded only then, so that nobody else waits for it.
 */
import { context, propagation, trace } from '@opentelemetry/api'
import { chosenTraceId } from './spans.ts'

export interface Tracing {
  /** Sends what is left and stops; never throws: a collector that is gone must not keep the process. */
  close(): Promise<void>
}

/** Whether `env` names a collector. */
export function isTracingAsked(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
}

/** Registers the tracer for this process; undefined when none is asked for. `service.version` is `version`. */
export async function startTracing(
  env: NodeJS.ProcessEnv,
  version: string,
): Promise<Tracing | undefined> {
  if (!isTracingAsked(env) || env.OTEL_SDK_DISABLED === 'true') return undefined
  const [
    { BatchSpanProcessor, NodeTracerProvider, RandomIdGenerator },
    { OTLPTraceExporter },
    { defaultResource, detectResources, envDetector, resourceFromAttributes },
    { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION },
  ] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/semantic-conventions'),
  ])
  const random = new RandomIdGenerator()
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          [ATTR_SERVICE_NAME]: 'forescale',
          [ATTR_SERVICE_VERSION]: version,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })), // OTEL_SERVICE_NAME has the last word
    idGenerator: {
      generateSpanId: random.generateSpanId,
      generateTraceId: () => chosenTraceId(context.active()) ?? random.generateTraceId(),
    },
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  provider.register()
  return {
    async close() {
      await provider.shutdown().catch(() => {})
      for (const global of [trace, context, propagation]) global.disable()
    },
  }
}
