/** A secret that the configuration names but does not hold: from a file or from the environment. */
import { readFileSync } from 'node:fs'

export interface SecretSource {
  readonly tokenFile?: string | undefined
  readonly tokenEnv?: string | undefined
}

/** undefined when none is named. Throws when the one that is named is not there; never says what it holds. */
export function readToken(
  { tokenFile, tokenEnv }: SecretSource,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  if (tokenFile !== undefined) {
    const token = readFileSync(tokenFile, 'utf8').trim()
    if (token !== '') return token
    throw new Error(`tokenFile: ${tokenFile} is empty; allowed: a file that holds the token`)
  }
  if (tokenEnv === undefined) return undefined
  const token = env[tokenEnv]?.trim()
  if (token) return token
  throw new Error(`tokenEnv: the environment variable ${tokenEnv} holds no token`)
}
