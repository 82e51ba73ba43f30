/** Short forms for the parts of a route: what it is given, what it answers, which problems it may report. */
import type { z } from 'zod'
import type { ControlPlane } from '../control-plane.ts'
import type { JobControl } from '../jobs/job-queue.ts'
import type { ResourceAdvisor } from '../kubernetes/resources/advisor.ts'
import type { SettingsView } from '../kubernetes/settings/view.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { DemoPort } from './demo-port.ts'
import type { EventHub } from './event-hub.ts'
import { PROBLEMS, Problem, type ProblemCode, ProblemError } from './problem.ts'

/** What the routes work with. */
export interface RouteDeps {
  readonly control: ControlPlane
  readonly store: SampleStore
  readonly ledger: Ledger
  readonly demo: DemoPort | undefined
  readonly jobs: JobControl
  readonly events: EventHub
  /** What the cluster says of settings; absent: none are read. */
  readonly clusterSettings?: (() => SettingsView) | undefined
  /** Requests of CPU and memory for workloads of a cluster. */
  readonly resources: ResourceAdvisor
  /** Samples that the HTTP door itself refused, by reason. */
  readonly refusedSamples: Map<string, number>
}

export function json<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example: z.input<Schema>,
) {
  return { description, content: { 'application/json': { schema, example } } } as const
}

export function body<Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>) {
  return {
    // what all of its fields may be left out of may be left out itself
    body: {
      required: !schema.safeParse({}).success,
      content: { 'application/json': { schema, example } },
    },
  } as const
}

/** One documented answer per HTTP status; codes that share a status share the answer. */
export function problems(...codes: ProblemCode[]) {
  const answers: Record<number, object> = {}
  for (const code of codes) {
    const { status, title } = PROBLEMS[code]
    const sharing = codes.filter((other) => PROBLEMS[other].status === status)
    const description = sharing.map((other) => `${other}: ${PROBLEMS[other].title}.`).join(' ')
    const example: z.infer<typeof Problem> = {
      type: `urn:forescale:problem:${code}`,
      title,
      status,
      detail: title,
      instance: '/v1/…',
      code,
    }
    answers[status] ??= {
      description,
      content: { 'application/problem+json': { schema: Problem, example } },
    }
  }
  return answers as Record<never, never>
}

/** The status of a configured service, or the 404 that names the ones there are. */
export function requireService(control: ControlPlane, service: string) {
  const status = control.service(service)
  if (status) return status
  throw unknownService(control, service)
}

export function assertConfigured(control: ControlPlane, service: string): void {
  if (!Object.hasOwn(control.config().services, service)) throw unknownService(control, service)
}

function unknownService(control: ControlPlane, service: string): ProblemError {
  const names = Object.keys(control.config().services)
  const some = names.slice(0, 20).join(' | ')
  return new ProblemError('service-not-found', `there is no service "${service}"`, [
    { field: 'service', value: service, allowed: names.length > 20 ? `${some} | …` : some },
  ])
}
