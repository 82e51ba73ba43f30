/**
 * What an experiment is: datasets × controllers × seeds on one simulator. One YAML file each, read strictly; every run
 * and every figure follows from it, the traces' bytes and the code.
 */
import { z } from 'zod'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { WorkloadName } from '../../datasets/workload.ts'
import { CONTROLLER_NAMES, type ControllerName } from '../controllers/registry.ts'
import { Call, Nodes, Scrape, Serving } from '../simulator/scenario.ts'

const Name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be of a–z, 0–9, "-" and "."')

/** Given in part; what is absent is the wider setting's, at last the schema's own default. */
const inPart = ({ shape }: { readonly shape: Readonly<Record<string, z.ZodType>> }) =>
  z.strictObject(
    Object.fromEntries(Object.entries(shape).map(([field, own]) => [field, bare(own).optional()])),
  )

export const Setting = z.strictObject({
  learnDays: z.number().positive().max(366).default(14).meta({
    description: 'History that controllers may learn from; less where the load is short.',
  }),
  replayDays: z.number().positive().max(366).default(7).meta({
    description: 'Simulated after it; at most half of the load.',
  }),
  tickSeconds: z.number().positive().max(3600).default(60).meta({
    description: 'Between decisions at most; a whole number of ticks makes a step of the load.',
  }),
  busyReplicas: z.number().positive().max(1000).default(12).meta({
    description:
      'The load is scaled so that its busy quantile asks for so many replicas at their declared capacity.',
  }),
  busyQuantile: z.number().gt(0).lte(1).default(0.99),
  capacityShare: z.number().gt(0).lte(1).default(0.7).meta({
    description:
      'Declared capacity of a replica ÷ what all of its places serve, where spec.capacityPerReplica is not given.',
  }),
  budgetShare: z.number().positive().optional().meta({
    description:
      'Budget ÷ what busyReplicas of every service cost; absent: what maxReplicas of every service cost.',
  }),
  spec: inPart(ServiceSpec).default({}),
  serving: inPart(Serving).default({}),
  nodes: Nodes.optional(),
  scrape: Scrape.prefault({}),
})
export type Setting = z.infer<typeof Setting>

/** A setting in part: no defaults, so that what is absent can be told from what is said. */
const Override = z.strictObject({
  ...Object.fromEntries(
    Object.entries(Setting.shape)
      .filter(([field]) => field !== 'scrape')
      .map(([field, schema]) => [field, bare(schema).optional()]),
  ),
  scrape: inPart(Scrape).optional(),
})
export type Override = Partial<Setting>

const Synthetic = z.strictObject({
  workload: WorkloadName,
  days: z.number().positive().max(366).default(21),
  stepSeconds: z.number().positive().max(3600).default(300),
})
const ServiceLoad = z.union([z.strictObject({ trace: z.string().min(1) }), Synthetic])

const NamedService = z.strictObject({
  name: Name,
  load: ServiceLoad.optional().meta({ description: 'None: it is only called by others.' }),
  busyReplicas: z.number().positive().optional(),
  spec: inPart(ServiceSpec).default({}),
  serving: inPart(Serving).default({}),
  calls: z.array(Call).default([]),
})

const Simulator = z.enum(['fluid', 'requests']).meta({
  description:
    'fluid: flows, for long runs; requests: every single request, about a million a second.',
})

const common = { setting: Override.optional(), name: Name.optional() }

export const Dataset = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('traces').meta({ description: 'One data set a trace, one service each.' }),
    ids: z
      .array(z.string().min(1))
      .min(1)
      .meta({ description: '"all": every trace that is here.' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('groups').meta({
      description: 'One data set a group of traces, a service each, under one budget.',
    }),
    groups: z.array(z.string().min(1)).min(1).meta({ description: '"all": every group.' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('synthetic').meta({ description: 'One data set a workload; labelled so.' }),
    workloads: z.array(WorkloadName).min(1),
    days: Synthetic.shape.days,
    stepSeconds: Synthetic.shape.stepSeconds,
    services: z
      .int()
      .min(1)
      .max(200)
      .default(1)
      .meta({ description: 'With chances of their own.' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('services').meta({ description: 'One data set of named services.' }),
    name: Name,
    services: z.array(NamedService).min(1),
  }),
])
export type Dataset = z.infer<typeof Dataset>

export const Arm = z.strictObject({
  kind: z.enum(CONTROLLER_NAMES as readonly [ControllerName, ...ControllerName[]]),
  name: Name.optional().meta({ description: "In tables; the kind's when absent." }),
  sweep: z.boolean().default(false).meta({
    description: "Every parameter set of the kind's own sweep, with `params` put over each.",
  }),
  thin: z.int().min(1).default(1).meta({
    description:
      'Of a sweep every so manieth parameter set, from the first on: a quicker, coarser frontier.',
  }),
  params: z.record(z.string(), z.unknown()).default({}),
  each: z.array(z.record(z.string(), z.unknown())).min(1).optional().meta({
    description: 'A setting each, put over `params`.',
  }),
})
export type Arm = z.infer<typeof Arm>

export const ExperimentConfig = z
  .strictObject({
    name: Name,
    description: z.string().default(''),
    simulator: Simulator.default('fluid'),
    setting: Setting.prefault({}),
    datasets: z.array(Dataset).min(1),
    variants: z
      .array(
        z.strictObject({
          name: Name,
          setting: Override.default({}),
          simulator: Simulator.optional().meta({ description: "The experiment's when absent." }),
        }),
      )
      .min(1)
      .optional()
      .meta({
        description: 'Every data set in every variant of its setting, or on every simulator.',
      }),
    controllers: z.array(Arm).min(1),
    reference: Name.optional().meta({
      description: 'Arm that the others are compared with; the first when absent.',
    }),
    seeds: z.array(z.int().min(0)).min(1).default([1]),
    atViolation: z.number().gt(0).lt(1).default(0.001).meta({
      description: 'Share of violating requests at which costs are compared.',
    }),
    blockHours: z.number().positive().default(24).meta({
      description: 'Length of the blocks of the bootstrap.',
    }),
    draws: z.int().min(100).max(100_000).default(2000),
    level: z.number().gt(0.5).lt(1).default(0.95),
  })
  .refine((c) => new Set(c.controllers.map(armName)).size === c.controllers.length, {
    error: 'names of controllers must differ; give those of one kind a name',
    path: ['controllers'],
  })
  .refine((c) => new Set(c.seeds).size === c.seeds.length, {
    error: 'seeds must differ',
    path: ['seeds'],
  })
  .refine(
    (c) => c.reference === undefined || c.controllers.some((a) => armName(a) === c.reference),
    {
      error: 'reference must be the name of one of controllers',
      path: ['reference'],
    },
  )
export type ExperimentConfig = z.infer<typeof ExperimentConfig>

export function armName({ name, kind }: Pick<Arm, 'name' | 'kind'>): string {
  return name ?? kind
}

/** Without what stands in for an absent value; what it is for is still said. */
function bare(schema: z.ZodType): z.ZodType {
  const standsIn = [z.ZodDefault, z.ZodPrefault, z.ZodOptional].some(
    (kind) => schema instanceof kind,
  )
  if (!standsIn) return schema
  const inner = (schema as z.ZodOptional).unwrap() as z.ZodType
  return schema.description === undefined ? inner : inner.describe(schema.description)
}
