/** An object with one of its methods replaced; the replacement is given the original. */

type Method<T, K extends keyof T> = T[K] extends (...args: infer A) => infer R
  ? (...args: A) => R
  : never

export function wrap<T extends object, K extends keyof T & string>(
  object: T,
  name: K,
  replace: (original: Method<T, K>) => Method<T, K>,
): T {
  return new Proxy(object, {
    get(known, key) {
      const value: unknown = Reflect.get(known, key)
      if (key !== name || typeof value !== 'function') return value
      // a function by the line above, and the one that `name` names
      return replace(((...args: unknown[]) => value.apply(known, args)) as Method<T, K>)
    },
  })
}
