/**
 * Which methods a path takes, by what the routes declare: the template that fits most exactly decides, so that
 * `/v1/rollouts/rollback` is not taken for a rollout called "rollback" by the route that reads one.
 */
import type { OpenAPIHono } from '@hono/zod-openapi'

export interface DeclaredPaths {
  /** In upper case, HEAD with GET; undefined when no route has such a path. */
  methodsOf(path: string): readonly string[] | undefined
  /** True when another template fits `path` more exactly than `template`. */
  isShadowed(template: string, path: string): boolean
}

interface Template {
  readonly text: string
  readonly parts: readonly string[]
  readonly methods: Set<string>
}

const isParameter = (part: string): boolean => part.startsWith('{')

/** Read when first asked, which is after all routes were registered. */
export function declaredPaths(app: OpenAPIHono): DeclaredPaths {
  let templates: ReadonlyMap<string, Template> | undefined
  const shadows = new Map<string, readonly Template[]>()
  const all = () => {
    templates ??= templatesOf(app)
    return templates
  }
  const shadowsOf = (text: string): readonly Template[] => {
    const known = shadows.get(text)
    if (known) return known
    const own = all().get(text)
    const found = own ? [...all().values()].filter((other) => isNarrower(other, own)) : []
    shadows.set(text, found)
    return found
  }
  return {
    methodsOf(path) {
      const fitting = [...all().values()].filter(({ parts }) => fits(parts, path))
      const exact = fitting.find((one) => !fitting.some((other) => isNarrower(other, one)))
      if (!exact) return undefined
      const { methods } = exact
      return [...methods].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    },
    isShadowed: (template, path) => shadowsOf(template).some(({ parts }) => fits(parts, path)),
  }
}

function templatesOf(app: OpenAPIHono): ReadonlyMap<string, Template> {
  const found = new Map<string, Template>()
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { path, method } = definition.route
    const known = found.get(path) ?? { text: path, parts: path.split('/'), methods: new Set() }
    known.methods.add(method.toUpperCase())
    found.set(path, known)
  }
  return found
}

function fits(parts: readonly string[], path: string): boolean {
  const given = path.split('/')
  if (given.length !== parts.length) return false
  return parts.every((part, i) => (isParameter(part) ? given[i] !== '' : part === given[i]))
}

/** Every path of `a` is one of `b`, and not the other way round. */
function isNarrower(a: Template, b: Template): boolean {
  if (a === b || a.parts.length !== b.parts.length) return false
  return a.parts.every((part, i) => {
    const other = b.parts[i]!
    return isParameter(other) || part === other
  })
}
