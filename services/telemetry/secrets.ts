/**
 * Keeps secrets out of what this process says: log lines, problems, the configuration it shows, the audit log. What is
 * known to be secret (whatever the configuration names by `…Env` or `…File`) is hidden however it is written; what looks
 * like a key, a token or a password in an address is hidden without being known.
 */
import { readFileSync } from 'node:fs'

const HIDDEN = '[hidden]'
/** Shorter ones would hide half of every text; no secret worth its name is that short. */
const SHORTEST = 6
const LONGEST_FILE = 64 * 1024

/** What looks like a secret, and what is left of it. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\bfsk_([0-9a-f]{12})_[A-Za-z0-9_-]{20,}/g, `fsk_$1_${HIDDEN}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\b(bearer|basic)(\s+|%20)[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/(:\/\/)[^\s/:@"'\\]*:[^\s/@"'\\]+@/g, `$1${HIDDEN}@`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, HIDDEN],
]

export interface Secrets {
  /** From here on `value` is hidden. */
  add(value: string): void
  hide(text: string): string
}

export function createSecrets(): Secrets {
  const written = new Set<string>()
  let known: RegExp | undefined
  return {
    add(value) {
      if (value.length < SHORTEST) return
      for (const form of formsOf(value)) written.add(form)
      // the longest first, so that no rest of one stays
      const forms = [...written].sort((a, b) => b.length - a.length).map(escaped)
      known = new RegExp(forms.join('|'), 'g')
    },
    hide(text) {
      let hidden = known === undefined ? text : text.replaceAll(known, HIDDEN)
      for (const [shape, left] of SHAPES) hidden = hidden.replaceAll(shape, left)
      return hidden
    },
  }
}

/** Of this process: a secret is one wherever it is read. */
export const secrets = createSecrets()

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** As it is, in JSON, in an address, in hexadecimal, and within any text that was written in base64. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // what neighbours have a share in is left out
    const inner = shifted.replace(/=+$/, '').slice(Math.ceil((offset * 8) / 6), -1)
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll('%20', '+'),
    bytes.toString('hex'),
    ...base64,
  ]
  return forms.filter((form) => form.length >= SHORTEST)
}

/** Adds what a configuration names: values of variables and contents of files, and passwords within addresses. */
export function addSecretsOf(
  config: unknown,
  env: Readonly<Record<string, string | undefined>>,
  into: Secrets = secrets,
): void {
  if (typeof config !== 'object' || config === null) return
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'string') addSecretsOf(value, env, into)
    else if (key.endsWith('Env')) addValue(env[value], into)
    else if (/(token|url|secret|password|key)File$/i.test(key)) addValue(contentOf(value), into)
  }
}

function addValue(value: string | undefined, into: Secrets): void {
  const text = value?.trim()
  if (text === undefined || text === '') return
  into.add(text)
  const password = URL.parse(text)?.password
  if (!password) return
  into.add(password)
  into.add(decodeURIComponent(password))
}

function contentOf(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    return text.length <= LONGEST_FILE ? text : undefined
  } catch {
    return undefined // whoever needs it says so
  }
}
