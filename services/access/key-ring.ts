/**
 * API keys at work: found by their id, compared in constant time, kept in mind for seconds so that a request costs no
 * look into the ledger. What this process revokes is refused at once; what another one does, a few seconds later.
 */

import type { AccessLedger } from '../ledger/access-ledger.ts'
import { type ApiKey, isAlive, isSecretOf, keyIdOf, mintKey, type StoredKey } from './api-key.ts'
import { type Caller, coverage, type Groups } from './caller.ts'
import type { Role } from './role.ts'

const REMEMBERED_MS = 5000
const MOST_REMEMBERED = 10_000
const USE_NOTED_MS = 60_000

export interface NewKey {
  readonly name: string
  readonly role: Role
  readonly groups: readonly string[] | null
  readonly expiresAtMs: number | null
}

export interface CreatedKey {
  readonly key: ApiKey
  /** Never to be had again. */
  readonly token: string
}

/** A key cannot be made or changed as asked; the sentence says why. */
export class KeyError extends Error {}

export interface KeyRing {
  /** Undefined: no key of ours, a wrong secret, expired or revoked. */
  callerOf(token: string): Promise<Caller | undefined>
  /** The same for a key that was shown before: undefined from its end on. */
  callerOfId(id: string): Promise<Caller | undefined>
  list(): Promise<readonly ApiKey[]>
  create(key: NewKey, by: string): Promise<CreatedKey>
  /** A new key like the old, which ends after `overlapMs`. Undefined when there is none of that id. */
  rotate(id: string, overlapMs: number, by: string): Promise<CreatedKey | undefined>
  revoke(id: string, by: string): Promise<ApiKey | undefined>
}

export interface KeyRingDeps {
  readonly ledger: AccessLedger
  readonly groups: () => Groups
  readonly nowMs: () => number
  readonly random: (bytes: number) => Buffer
  /** Told when the time of a use could not be written down; the caller comes in all the same. */
  readonly onFault?: ((error: unknown) => void) | undefined
}

interface Remembered {
  readonly key: StoredKey | undefined
  readonly atMs: number
  readonly caller: Caller | undefined
  readonly groups: Groups
}

export function createKeyRing(deps: KeyRingDeps): KeyRing {
  const { ledger, nowMs } = deps
  const remembered = new Map<string, Remembered>()
  const usedAtMs = new Map<string, number>()

  async function recall(id: string): Promise<Remembered> {
    const known = remembered.get(id)
    const groups = deps.groups()
    const isFresh = known !== undefined && nowMs() - known.atMs < REMEMBERED_MS
    if (isFresh && known.groups === groups) return known
    const key = await ledger.key(id)
    const caller = key && keyCaller(key, groups)
    if (remembered.size >= MOST_REMEMBERED) remembered.clear()
    const found = { key, atMs: nowMs(), caller, groups }
    remembered.set(id, found)
    return found
  }
  function noteUse(id: string): void {
    const atMs = nowMs()
    const before = usedAtMs.get(id)
    if (before !== undefined && atMs - before < USE_NOTED_MS) return
    if (usedAtMs.size >= MOST_REMEMBERED) usedAtMs.clear()
    usedAtMs.set(id, atMs)
    ledger.touchKey(id, atMs).catch(deps.onFault ?? (() => {}))
  }
  function admit({ key, caller }: Remembered): Caller | undefined {
    if (key === undefined || !isAlive(key, nowMs())) return undefined
    noteUse(key.id)
    return caller
  }
  async function add(key: NewKey, by: string): Promise<CreatedKey> {
    for (const name of key.groups ?? [])
      if (!Object.hasOwn(deps.groups(), name))
        throw new KeyError(`groups: there is no group "${name}" in http.auth.groups`)
    if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs())
      throw new KeyError('expires: that time is over')
    const { id, token, hash } = mintKey(deps.random)
    const stored: StoredKey = {
      ...{ id, hash, name: key.name, role: key.role, groups: key.groups && [...key.groups] },
      ...{ createdAtMs: nowMs(), createdBy: by, expiresAtMs: key.expiresAtMs },
      ...{ revokedAtMs: null, revokedBy: null, replacedBy: null, lastUsedAtMs: null },
    }
    await ledger.addKey(stored)
    return { key: shown(stored), token }
  }
  async function change(key: StoredKey): Promise<ApiKey> {
    await ledger.saveKey(key)
    remembered.delete(key.id)
    return shown(key)
  }
  return {
    async callerOf(token) {
      const id = keyIdOf(token)
      const found = id === undefined ? undefined : await recall(id)
      return isSecretOf(token, found?.key) && found ? admit(found) : undefined
    },
    callerOfId: async (id) => admit(await recall(id)),
    list: async () => (await ledger.keys()).map(shown),
    create: add,
    async rotate(id, overlapMs, by) {
      const old = await ledger.key(id)
      if (old === undefined) return undefined
      if (!isAlive(old, nowMs())) throw new KeyError(`key ${id} has ended: make a new one`)
      const { name, role, groups, expiresAtMs, createdAtMs } = old
      // it lives as long as the old one was meant to
      const lifeMs = expiresAtMs === null ? null : expiresAtMs - createdAtMs
      const ends = lifeMs === null ? null : nowMs() + lifeMs
      const created = await add({ name, role, groups, expiresAtMs: ends }, by)
      const endMs = Math.min(expiresAtMs ?? Number.POSITIVE_INFINITY, nowMs() + overlapMs)
      await change({ ...old, expiresAtMs: endMs, replacedBy: created.key.id })
      return created
    },
    async revoke(id, by) {
      const key = await ledger.key(id)
      if (key === undefined) return undefined
      if (key.revokedAtMs !== null) return shown(key)
      return change({ ...key, revokedAtMs: nowMs(), revokedBy: by })
    },
  }
}

function keyCaller({ id, name, role, groups }: StoredKey, known: Groups): Caller {
  return {
    actor: `key:${name}`,
    role,
    groups,
    covers: coverage(groups, known),
    countedAs: `key:${id}`,
  }
}

const shown = ({ hash: _, ...key }: StoredKey): ApiKey => key
