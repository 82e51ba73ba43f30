/**
 * What we write on a workload that we scale, as annotations: who leads, and which decision set the count. `kubectl
 * describe` shows them, the next leader reads them, and `forescale k8s release` takes them off again. Pure.
 */
import { z } from 'zod'

export const PREFIX = 'forescale.dev/'
export const FENCE = `${PREFIX}fence`
export const LAST_DECISION = `${PREFIX}last-decision`
/** What we write ourselves, of all that stands under our prefix. */
export const OWN_ANNOTATIONS = [FENCE, LAST_DECISION] as const
/** By which the API server tells our writes from others'. */
export const FIELD_MANAGER = 'forescale'

/** The greatest token that has acted here, of the ledger that it belongs to. */
const FenceMark = z.strictObject({ ledger: z.string(), token: z.int().min(0) })
export type FenceMark = z.infer<typeof FenceMark>

const DecisionMark = z.strictObject({
  decision: z.string(),
  from: z.int().min(0),
  to: z.int().min(0),
  at: z.iso.datetime(),
  /** Who had written the count until then, and when, both as the API server knows them. */
  was: z.string(),
  /** Before our first decision: what `release` puts back when it is asked to. */
  found: z.int().min(0),
})
export type DecisionMark = z.infer<typeof DecisionMark>

export interface Marks {
  readonly fence: FenceMark | undefined
  readonly decision: DecisionMark | undefined
}

/** What somebody spoilt is as good as none. */
export function marksOf(annotations: Readonly<Record<string, string>>): Marks {
  return {
    fence: parsed(FenceMark, annotations[FENCE]),
    decision: parsed(DecisionMark, annotations[LAST_DECISION]),
  }
}

export function annotationsOf({ fence, decision }: Marks): Record<string, string> {
  return {
    ...(fence ? { [FENCE]: JSON.stringify(fence) } : {}),
    ...(decision ? { [LAST_DECISION]: JSON.stringify(decision) } : {}),
  }
}

function parsed<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
