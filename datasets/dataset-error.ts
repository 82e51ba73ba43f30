/** What is wrong with a data set that was asked for: which field, its value, what is allowed; or who did not answer. */

const LONGEST_SHOWN = 120

/** A wrong request or wrong data. The caller can repair it. */
export class DatasetError extends Error {
  readonly field: string
  readonly value: string
  readonly allowed: string

  constructor(field: string, value: unknown, allowed: string, options?: ErrorOptions) {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
    const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
    super(`${field}: "${shown}" is not allowed; allowed: ${allowed}`, options)
    this.field = field
    this.value = shown
    this.allowed = allowed
  }
}

/** A server that was asked did not answer, or not with what was asked for. */
export class DatasetUnreachable extends Error {}
