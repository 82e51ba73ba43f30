/** Learned policies ready to act, by version: read from the registry once, and never able to break a tick. */
import { type LearnedActor, learnedActor } from '../../agents/policies/learned/act.ts'
import type { Actors, SpecRow } from '../../coordinator/frame.ts'
import { exploringActor, exploringOf } from '../../coordinator/rollout/exploring.ts'
import type { Ledger } from '../ledger/ledger.ts'

export interface ActorBook {
  /** Undefined until it was loaded. */
  get(version: string): LearnedActor | undefined
  /** Undefined when the registry does not have it. */
  load(version: string): Promise<LearnedActor | undefined>
}

export function createActorBook(ledger: Pick<Ledger, 'policyDocument'>): ActorBook {
  const known = new Map<string, LearnedActor>()
  async function load(version: string): Promise<LearnedActor | undefined> {
    const found = known.get(version)
    if (found) return found
    const exploring = exploringOf(version)
    const actor = exploring ? await explore(exploring) : await fromRegistry(version)
    if (actor) known.set(version, actor)
    return actor
  }
  async function explore({ factor, base }: NonNullable<ReturnType<typeof exploringOf>>) {
    if (base === undefined) return exploringActor(undefined, factor)
    const actor = await load(base)
    return actor && exploringActor(actor, factor)
  }
  async function fromRegistry(version: string): Promise<LearnedActor | undefined> {
    const document = await ledger.policyDocument(version)
    return document && unbreakable(learnedActor(document))
  }
  return { get: (version) => known.get(version), load }
}

/** One that throws says nothing, which is not followed. */
export function unbreakable(actor: LearnedActor): LearnedActor {
  return {
    ...actor,
    stretch(seen) {
      try {
        return actor.stretch(seen)
      } catch {
        return Number.NaN
      }
    },
  }
}

/** Those that `rows` name, for a tick that is to be decided again. Unknown ones are left out; the frame names them. */
export async function actorsOf(book: ActorBook, rows: readonly SpecRow[]): Promise<Actors> {
  const versions = new Set(rows.flatMap(({ actor }) => (actor === undefined ? [] : [actor])))
  const actors = new Map<string, LearnedActor>()
  for (const version of versions) {
    const actor = await book.load(version)
    if (actor) actors.set(version, actor)
  }
  return actors
}
