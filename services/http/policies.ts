/** The registry of learned policies: list, take in, learn, hand out. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'
import { LearnAnswer, PolicySource, PolicyVersion } from '../rollouts/policy-version.ts'
import { Why } from '../rollouts/request.ts'
import { actorOf } from './callers.ts'
import * as examples from './examples-rollouts.ts'
import { acts, reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { Cursor, Limit, NoQuery, strict } from './query.ts'
import { body, json, problems, type RouteDeps } from './route.ts'
import { page } from './views.ts'

const tags = ['rollouts']
const PAGE_ROWS = 50

const VersionParam = strict({
  version: z
    .string()
    .regex(/^[0-9a-f]{16}$/, 'a version of 16 hexadecimal digits')
    .openapi({ example: examples.policy.version }),
})
const ImportRequest = strict({ document: PolicyDocument, why: Why }).meta({
  id: 'PolicyImportRequest',
})

const listPolicies = createRoute({
  method: 'get',
  path: '/v1/policies',
  ...reads('fleet'),
  tags,
  summary: 'Learned policies in the registry, newest first',
  request: {
    query: strict({
      name: z.string().max(63).optional().openapi({ example: 'cautious' }),
      source: PolicySource.optional().openapi({ example: 'import' }),
      limit: Limit.default(PAGE_ROWS),
      cursor: Cursor.optional(),
    }),
  },
  responses: {
    200: json(page(PolicyVersion), 'Each by the hash of what acts.', {
      items: [examples.policy],
      next: null,
    }),
    ...problems('invalid-request'),
  },
})

const exportPolicy = createRoute({
  method: 'get',
  path: '/v1/policies/{version}',
  ...reads('fleet'),
  tags,
  summary: 'A learned policy as a document',
  request: { params: VersionParam, query: NoQuery },
  responses: {
    200: json(PolicyDocument, 'To be imported elsewhere.', examples.document),
    ...problems('invalid-request', 'policy-not-found'),
  },
})

const importPolicy = createRoute({
  method: 'post',
  path: '/v1/policies',
  ...acts('operator', 'fleet', 'policy.import'),
  tags,
  summary: 'Take in a learned policy',
  description: 'It acts for nobody until a rollout has it do so.',
  request: {
    query: NoQuery,
    ...body(ImportRequest, { document: examples.document, why: 'to try' }),
  },
  responses: {
    201: json(PolicyVersion, 'As the registry keeps it.', examples.policy),
    ...problems('invalid-request', 'body-too-large'),
  },
})

const learnPolicy = createRoute({
  method: 'post',
  path: '/v1/policies/learn',
  ...acts('operator', 'fleet', 'policy.learn'),
  tags,
  summary: 'Learn a policy from what the shadow stage of a rollout left in the ledger',
  description:
    'It acts for nobody until it is rolled out; then it has to prove itself on units of its own.',
  request: {
    query: NoQuery,
    ...body(
      strict({
        rollout: z.int().min(1).meta({ description: 'Number of the rollout.' }),
        why: Why,
      }).meta({
        id: 'PolicyLearnRequest',
      }),
      { rollout: 1, why: 'a week of exploring' },
    ),
  },
  responses: {
    200: json(LearnAnswer, 'The policy, or why there is none.', examples.learned),
    ...problems('invalid-request', 'rollout-not-found', 'conflict'),
  },
})

export function policyRoutes(app: OpenAPIHono, { control, ledger }: RouteDeps): void {
  const { rollouts } = control
  app.openapi(listPolicies, async (c) => {
    const { items, next } = await ledger.policies(c.req.valid('query'))
    return c.json({ items: [...items], next: next ?? null }, 200)
  })
  app.openapi(importPolicy, async (c) => {
    const { document, why } = c.req.valid('json')
    return c.json(await rollouts.addPolicy(document, actorOf(c), why), 201)
  })
  app.openapi(learnPolicy, async (c) => {
    const { rollout, why } = c.req.valid('json')
    const answer = await rollouts.learnPolicy(rollout, actorOf(c), why)
    if (answer) return c.json(answer, 200)
    throw new ProblemError('rollout-not-found', `there is no rollout ${rollout}`)
  })
  app.openapi(exportPolicy, async (c) => {
    const { version } = c.req.valid('param')
    const document = await ledger.policyDocument(version)
    if (!document) throw new ProblemError('policy-not-found', `there is no policy ${version}`)
    c.header(
      'content-disposition',
      `attachment; filename="${document.name}-${version}.policy.json"`,
    )
    return c.json(document, 200)
  })
}
