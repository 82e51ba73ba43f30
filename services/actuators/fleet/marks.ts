/** A mark as tags, for targets that hold tags: what is written there is read by the next leader. */
import type { Mark } from './target.ts'

const DECISION = 'forescale-decision'
const REPLICAS = 'forescale-replicas'
const LEDGER = 'forescale-ledger'
const TOKEN = 'forescale-token'

export const MARK_TAGS = [DECISION, REPLICAS, LEDGER, TOKEN]

export function tagsOf({ decisionId, replicas, ledger, token }: Mark): Record<string, string> {
  return {
    ...(decisionId === undefined ? {} : { [DECISION]: decisionId }),
    ...(replicas === undefined ? {} : { [REPLICAS]: String(replicas) }),
    ...(ledger === undefined ? {} : { [LEDGER]: ledger }),
    ...(token === undefined ? {} : { [TOKEN]: String(token) }),
  }
}

/** A tag that somebody spoilt is as good as none. */
export function markOf(tags: Readonly<Record<string, string | undefined>>): Mark {
  return {
    decisionId: tags[DECISION],
    replicas: wholeNumber(tags[REPLICAS]),
    ledger: tags[LEDGER],
    token: wholeNumber(tags[TOKEN]),
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
