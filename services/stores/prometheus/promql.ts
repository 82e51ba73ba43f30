/**
 * PromQL out of a template of the configuration. `$step` becomes a duration; `$service` and `$services` stand inside
 * double quotes and become a literal, escaped as Go's strings are (prometheus.io/docs/prometheus/latest/querying/basics,
 * string literals), `$services` as an alternation in which RE2's special characters stand for themselves.
 */
import type { ServiceId } from '../../../forecaster/series.ts'

const PLACE = /\$(services|service|step)\b/g
const RE2_SPECIAL = /[\\.+*?()|[\]{}^$]/g

export type Places = 'none' | 'service' | 'services'

/** Which services a template asks for: all, one, or many at once. */
export function placesOf(template: string): Places {
  if (/\$services\b/.test(template)) return 'services'
  return /\$service\b/.test(template) ? 'service' : 'none'
}

/** Why a template cannot be filled safely; undefined when it can. */
export function faultOf(template: string): string | undefined {
  for (const { index, 1: name } of template.matchAll(PLACE)) {
    if (name !== 'step' && !isInDoubleQuotes(template, index))
      return `$${name} must stand within double quotes, as in service=~"$services"`
    if (name === 'step' && isInDoubleQuotes(template, index))
      return '$step must not stand within quotes'
  }
  if (placesOf(template) === 'services' && /\$service\b/.test(template))
    return 'either $service or $services'
  return undefined
}

/** Reads the template's strings in all three forms that PromQL has. */
function isInDoubleQuotes(template: string, place: number): boolean {
  let quote: string | undefined
  for (let at = 0; at < place; at++) {
    const char = template[at]!
    if (quote === undefined) {
      if (char === '"' || char === "'" || char === '`') quote = char
    } else if (char === '\\' && quote !== '`') at++
    else if (char === quote) quote = undefined
  }
  return quote === '"'
}

export function promqlOf(
  template: string,
  services: readonly ServiceId[],
  windowMs: number,
): string {
  return template.replaceAll(PLACE, (_place, name: string) => {
    if (name === 'step') return `${windowMs}ms`
    if (name === 'service') return literal(services[0]!)
    return literal(services.map((service) => service.replaceAll(RE2_SPECIAL, '\\$&')).join('|'))
  })
}

/** Within double quotes. */
function literal(text: string): string {
  return [...text].map(escaped).join('')
}

function escaped(char: string): string {
  if (char === '\\' || char === '"') return `\\${char}`
  const code = char.codePointAt(0)!
  const isPlain = code >= 0x20 && code !== 0x7f && !(code >= 0xd800 && code <= 0xdfff)
  if (isPlain) return char
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : '\\ufffd'
}
