/**
 * What a path asks for in the words of Kubernetes' authorisation, by the rules that its API server has for the same path
 * (kubernetes/apiserver pkg/endpoints/request/requestinfo.go): one rule in a role then means the same to both. Pure.
 */

export type RequestInfo =
  | { readonly kind: 'path'; readonly path: string; readonly verb: string }
  | {
      readonly kind: 'resource'
      readonly group: string
      readonly version: string
      readonly namespace: string
      readonly resource: string
      readonly name: string
      readonly subresource: string
      readonly verb: string
    }

const PARTS_OF_A_RESOURCE = 4
/** What a namespace itself has below it. */
const NAMESPACE_SUBRESOURCES = ['status', 'finalize']

/** Of a reading request; `path` as it was sent, its parts still escaped. */
export function requestInfo(path: string): RequestInfo {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  if (parts.length < PARTS_OF_A_RESOURCE || parts[0] !== 'apis')
    return { kind: 'path', path, verb: 'get' }
  const [, group = '', version = '', ...rest] = parts
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 1
  const namespace = isNamespaced ? rest[1]! : ''
  const isBelow = isNamespaced && rest.length > 2 && !NAMESPACE_SUBRESOURCES.includes(rest[2]!)
  const [resource = '', name = '', subresource = ''] = isBelow ? rest.slice(2) : rest
  const verb = name === '' ? 'list' : 'get'
  return { kind: 'resource', group, version, namespace, resource, name, subresource, verb }
}
