/** Trained policies as files: what `forescale train` writes, and the one that is shipped beside this file. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { PolicyDocument } from '../../agents/policies/learned/document.ts'

const SHIPPED = new URL('./shipped-policy.json', import.meta.url)

/** A file that is no policy: which one, and what is wrong with it. */
export class PolicyFileError extends Error {
  readonly file: string

  constructor(file: string, why: string) {
    super(`policy ${file}: ${why}`)
    this.file = file
  }
}

/** Throws PolicyFileError. */
export function readPolicyFile(file: string | URL): PolicyDocument {
  const name = String(file)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new PolicyFileError(name, `cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new PolicyFileError(name, 'is no JSON; allowed: what `forescale train` writes')
  }
  const read = PolicyDocument.safeParse(value)
  if (read.success) return read.data
  throw new PolicyFileError(name, z.prettifyError(read.error).replaceAll('\n', ' '))
}

let shipped: PolicyDocument | undefined

/** The trained policy that comes with Forescale (experiments/learning/README.md says what made it). */
export function shippedPolicy(): PolicyDocument {
  shipped ??= readPolicyFile(SHIPPED)
  return shipped
}
