/** An app behind a locked door for tests, with a key of every role. */
import { randomBytes } from 'node:crypto'
import { createKeyRing, type NewKey } from '../access/key-ring.ts'
import type { Role } from '../access/role.ts'
import { type App, createApp } from './app.ts'
import { createTestParts } from './test-plane.ts'

export const GROUPS = { search: ['search'], money: ['pay*'] }
const NO_LIMITS = {
  requestsPerSecond: 1e6,
  failuresPerMinute: 1e6,
  blockSeconds: 1,
  connections: 100,
}

export type Parts = ReturnType<typeof createTestParts>

export interface LockedApp {
  readonly app: App
  readonly parts: Parts
  keyOf(role: Role, over?: Partial<NewKey>): Promise<string>
}

export function lockedApp(http: Partial<Parts['state']['config']['http']> = {}): LockedApp {
  const parts = createTestParts()
  const { config } = parts.state
  const auth = { ...config.http.auth, required: true, groups: GROUPS }
  parts.state.config = { ...config, http: { ...config.http, auth, limits: NO_LIMITS, ...http } }
  const app = createApp(parts)
  const ring = createKeyRing({
    ledger: parts.ledger,
    groups: () => parts.state.config.http.auth.groups,
    ...{ nowMs: Date.now, random: randomBytes },
  })
  return {
    app,
    parts,
    async keyOf(role, over = {}) {
      const key = { name: role, role, groups: null, expiresAtMs: null, ...over }
      return (await ring.create(key, 'test')).token
    },
  }
}
