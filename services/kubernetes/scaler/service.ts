/** The rpcs: a request read, its service looked up in the control plane, an answer or an error with its gRPC code. */
import type * as grpc from '@grpc/grpc-js'
import { z } from 'zod'
import type { ControlPlane } from '../../control-plane.ts'
import { type SignalConfig, signalInputs } from '../signal.ts'
import { signalConfigOf } from '../signal-view.ts'
import { type Workloads, workloadsOf } from '../workload.ts'
import { type Asked, isActive, metricOf, NothingToSay, specsOf } from './answers.ts'
import { MetadataError, ScaledObjectRef, triggerOf } from './metadata.ts'
import { createTargets } from './specs.ts'

const GetMetricsRequest = z.object({ scaledObjectRef: ScaledObjectRef, metricName: z.string() })
/** How often open streams are looked at beside every tick: what expires does so without one. */
const LOOK_EVERY_MS = 1000

type Stream = Pick<
  grpc.ServerWritableStream<unknown, unknown>,
  'request' | 'write' | 'emit' | 'on' | 'cancelled'
>
type Call = { readonly request: unknown }
type Reply = grpc.sendUnaryData<unknown>

export interface ScalerServiceDeps {
  readonly grpc: Pick<typeof grpc, 'status'>
  readonly control: ControlPlane
  readonly heartbeatMs: number
  readonly lookEveryMs?: number | undefined
  readonly onError: (error: unknown) => void
}

export interface ScalerService {
  readonly externalScaler: grpc.UntypedServiceImplementation
  readonly health: grpc.UntypedServiceImplementation
  close(): void
}

export function createScalerService(deps: ScalerServiceDeps): ScalerService {
  const { control } = deps
  const targets = createTargets()
  const look = createLook(control)
  const ask = (request: unknown): Asked => askedOf(look(), request)
  const specs = (request: unknown) => {
    const { trigger, input } = ask(request)
    const { capacityPerReplica, service } = input.status
    const { targetUtilization } = control.config().services[service] ?? { targetUtilization: 1 }
    return {
      metricSpecs: specsOf(
        trigger,
        targets.targetRps(service, capacityPerReplica * targetUtilization),
      ),
    }
  }
  const activity = (request: unknown) => ({ result: isActive(ask(request)) })
  const streams = createStreams(deps)
  const unary = (answer: (request: unknown) => unknown) => (call: Call, reply: Reply) => {
    try {
      reply(null, answer(call.request))
    } catch (error) {
      reply(asServiceError(deps, error))
    }
  }
  return {
    externalScaler: {
      IsActive: unary(activity),
      GetMetricSpec: unary(specs),
      GetMetrics: unary((request) => {
        const { scaledObjectRef, metricName } = read(GetMetricsRequest, request)
        return { metricValues: [metricOf(ask(scaledObjectRef), metricName)] }
      }),
      StreamIsActive: (call: Stream) => streams.open(call, activity, deps.heartbeatMs),
      StreamMetricSpec: (call: Stream) => streams.open(call, specs, Number.POSITIVE_INFINITY),
    },
    health: { Check: unary(() => ({ status: isTicking(control) ? 'SERVING' : 'NOT_SERVING' })) },
    close: streams.close,
  }
}

function read<T>(schema: z.ZodType<T>, request: unknown): T {
  const parsed = schema.safeParse(request)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new MetadataError(`${issue?.path.join('.')}: ${issue?.message}`)
}

interface Look {
  readonly inputs: ReturnType<typeof signalInputs>
  readonly services: ReadonlySet<string>
  readonly workloads: Workloads
  readonly config: SignalConfig
}

/** What is known now. Whoever asks in the same turn of the event loop, as all open streams do, shares one look. */
function createLook(control: ControlPlane): () => Look {
  let kept: Look | undefined
  return () => {
    if (kept) return kept
    const config = control.config()
    setImmediate(() => {
      kept = undefined
    })
    kept = {
      inputs: signalInputs(control),
      services: new Set(control.services().map(({ service }) => service)),
      workloads: workloadsOf(config),
      config: signalConfigOf(config),
    }
    return kept
  }
}

function askedOf({ inputs, services, workloads, config }: Look, request: unknown): Asked {
  const ref = read(ScaledObjectRef, request)
  const trigger = triggerOf(ref, workloads, services)
  const input = inputs(trigger.service)
  if (!input) throw new NothingToSay(`service ${trigger.service} is not known yet`)
  return { trigger, input, config }
}

/** As gRPC's own health checks ask: NOT_SERVING takes us out of the load balancing while nothing is decided. */
function isTicking(control: ControlPlane): boolean {
  const config = control.config()
  const tickedAtMs = control.lastTick()?.atMs ?? Number.NaN
  const limitMs = signalConfigOf(config).expireAfterMs ?? 3 * config.tickMs
  return control.nowMs() - tickedAtMs <= limitMs
}

function asServiceError({ grpc, onError }: ScalerServiceDeps, error: unknown) {
  const { status } = grpc
  if (error instanceof MetadataError)
    return { code: status.INVALID_ARGUMENT, details: error.message }
  if (error instanceof NothingToSay) return { code: status.UNAVAILABLE, details: error.message }
  onError(error)
  return { code: status.INTERNAL, details: 'the log says why' }
}

interface Open {
  readonly call: Stream
  readonly answer: (request: unknown) => unknown
  readonly heartbeatMs: number
  said: string
  saidAtMs: number
}

/**
 * Open streams: told at once, then when the answer changes and with every heartbeat. When there is nothing to say any more
 * a stream ends with the same error that a question would get, and KEDA opens it again.
 */
function createStreams(deps: ScalerServiceDeps) {
  const { control } = deps
  const open = new Set<Open>()
  function tell(one: Open): void {
    try {
      const answer = one.answer(one.call.request)
      const text = JSON.stringify(answer)
      const nowMs = performance.now()
      if (text === one.said && nowMs - one.saidAtMs < one.heartbeatMs) return
      one.said = text
      one.saidAtMs = nowMs
      one.call.write(answer)
    } catch (error) {
      open.delete(one)
      one.call.emit('error', asServiceError(deps, error))
    }
  }
  const tellAll = () => {
    for (const one of open) tell(one)
  }
  const unsubscribe = control.subscribe(({ kind }) => {
    if (kind === 'tick') tellAll()
  })
  const timer = setInterval(tellAll, deps.lookEveryMs ?? LOOK_EVERY_MS)
  timer.unref()
  return {
    open(call: Stream, answer: Open['answer'], heartbeatMs: number) {
      const one: Open = { ...{ call, answer, heartbeatMs }, said: '', saidAtMs: 0 }
      open.add(one)
      call.on('cancelled', () => open.delete(one))
      call.on('close', () => open.delete(one))
      tell(one)
    },
    close() {
      unsubscribe()
      clearInterval(timer)
      open.clear()
    },
  }
}
