/** What an account of the cluster may do, asked of the API server as that account: every verb on every resource that there is. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { TestControlPlane } from '../test-control-plane.ts'

const VERBS = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
]
const AT_ONCE = 24

const Groups = z.object({
  groups: z.array(
    z.object({ name: z.string(), versions: z.array(z.object({ groupVersion: z.string() })) }),
  ),
})
const Resources = z.object({
  resources: z.array(z.object({ name: z.string(), namespaced: z.boolean() })),
})
const Review = z.object({ status: z.object({ allowed: z.boolean() }) })

export interface ClusterResource {
  readonly group: string
  /** With the subresource: `deployments/scale`. */
  readonly resource: string
  readonly namespaced: boolean
}

export interface Access {
  /** Every resource and subresource of the cluster. */
  resources(): Promise<ClusterResource[]>
  /**
   * Lines `verb group/resource in namespace` (`everywhere` where there is none) of what the account may do on objects of any
   * name, in these namespaces.
   */
  allowed(
    account: string,
    resources: readonly ClusterResource[],
    namespaces: readonly string[],
  ): Promise<Set<string>>
  may(account: string, attributes: object): Promise<boolean>
  close(): Promise<void>
}

/** `account` is namespace/name of a service account. */
export async function openAccess({ dir, url }: TestControlPlane): Promise<Access> {
  const file = (name: string) => readFile(path.join(dir, name))
  const agent = new Agent({
    connections: AT_ONCE,
    connect: {
      ca: await file('apiserver/apiserver.crt'),
      cert: await file('admin.crt'),
      key: await file('admin.key'),
    },
  })

  async function call(
    apiPath: string,
    body?: object,
    headers: Record<string, string | string[]> = {},
  ) {
    const response = await request(url + apiPath, {
      dispatcher: agent,
      method: body ? 'POST' : 'GET',
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.body.text()
    if (response.statusCode >= 300) throw new Error(`${apiPath}: ${response.statusCode} ${text}`)
    return JSON.parse(text)
  }

  async function may(account: string, resourceAttributes: object): Promise<boolean> {
    const [namespace, name] = account.split('/')
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    }
    const headers = {
      'impersonate-user': `system:serviceaccount:${namespace}:${name}`,
      'impersonate-group': [
        'system:serviceaccounts',
        `system:serviceaccounts:${namespace}`,
        'system:authenticated',
      ],
    }
    const answer = await call(
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body,
      headers,
    )
    return Review.parse(answer).status.allowed
  }

  return {
    may,
    async resources() {
      const { groups } = Groups.parse(await call('/apis'))
      const versions = groups.flatMap((group) =>
        group.versions.map(({ groupVersion }) => ({
          group: group.name,
          at: `/apis/${groupVersion}`,
        })),
      )
      const found = new Map<string, ClusterResource>()
      for (const { group, at } of [{ group: '', at: '/api/v1' }, ...versions])
        for (const { name, namespaced } of Resources.parse(await call(at)).resources)
          found.set(`${group}/${name}`, { group, resource: name, namespaced })
      return [...found.values()]
    },
    async allowed(account, resources, namespaces) {
      const questions = questionsOf(resources, namespaces)
      const lines = new Set<string>()
      let next = 0
      const worker = async () => {
        while (next < questions.length) {
          const { line, attributes } = questions[next++]!
          if (await may(account, attributes)) lines.add(line)
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      return lines
    },
    close: () => agent.close(),
  }
}

function questionsOf(resources: readonly ClusterResource[], namespaces: readonly string[]) {
  return resources.flatMap(({ group, resource: name, namespaced }) => {
    const [resource, subresource = ''] = name.split('/')
    return placesOf(namespaced, namespaces).flatMap((namespace) =>
      VERBS.map((verb) => ({
        line: lineOf(verb, `${group || 'core'}/${name}`, namespace),
        attributes: { verb, group, resource, subresource, ...(namespace ? { namespace } : {}) },
      })),
    )
  })
}

/** '' is the whole cluster. */
const placesOf = (namespaced: boolean, namespaces: readonly string[]) =>
  namespaced ? namespaces : ['']
const lineOf = (verb: string, resource: string, namespace: string) =>
  `${verb} ${resource} ${namespace ? `in ${namespace}` : 'everywhere'}`

/**
 * The lines of a golden list (`everywhere: apps/deployments get list`) as lines of `allowed`. Rules of single names are
 * left out: those are asked by name.
 */
export function linesOf(
  golden: string,
  resources: readonly ClusterResource[],
  namespaces: readonly string[],
): Set<string> {
  const namespacedOf = new Map(
    resources.map(({ group, resource, namespaced }) => [
      `${group || 'core'}/${resource}`,
      namespaced,
    ]),
  )
  const lines = new Set<string>()
  for (const line of golden.trim().split('\n')) {
    const rule = /^(?:everywhere|in (\S+)): (\S+\/[^[ ]+) ([a-z ]+)$/.exec(line)
    const [, namespace, resource = '', verbs = ''] = rule ?? []
    const namespaced = namespacedOf.get(resource)
    // of a line of another form, or of what is not installed, there is nothing to ask
    if (namespaced === undefined) continue
    const named = namespaces.filter((one) => namespace === undefined || one === namespace)
    const places = placesOf(namespaced, named)
    for (const place of places)
      for (const verb of verbs.split(' ')) lines.add(lineOf(verb, resource, place))
  }
  return lines
}
