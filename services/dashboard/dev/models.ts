/** TEST-ONLY: versions of the synthetic fleet's models, in the shapes of the API. */
import type { ControlEvent } from '../../control-plane.ts'
import * as examples from '../../http/examples-models.ts'
import type { ModelVersion } from '../../models/model-version.ts'

export interface SyntheticModels {
  /** Newest first; of one service, or of all. */
  list(service: string | null): ModelVersion[]
  /** Answers the champion, or undefined when it cannot be done. */
  ask(service: string, what: string, number: number | undefined, why: string): unknown
  /** What happened since the last call. */
  news(): ControlEvent[]
}

export function createSyntheticModels(names: readonly string[], epochMs: number): SyntheticModels {
  const times = { fittedAtMs: epochMs, promotedAtMs: epochMs }
  const byService = new Map(
    names.map((service) => [
      service,
      [
        { ...examples.challenger, service, fittedAtMs: epochMs + 60_000 },
        { ...examples.champion, ...times, service },
      ] as ModelVersion[],
    ]),
  )
  let told: ControlEvent[] = []
  const tell = (model: ModelVersion, event: 'fitted' | 'promoted') =>
    void told.push({ kind: 'model', data: { event, model } })
  const retired = (row: ModelVersion): ModelVersion =>
    row.status === 'retired'
      ? row
      : { ...row, status: 'retired', retiredAtMs: Date.now(), retiredWhy: 'another took its place' }
  const asChampion = (row: ModelVersion, why: string): ModelVersion => ({
    ...row,
    status: 'champion',
    promotedAtMs: Date.now(),
    promotedBy: 'http',
    promotedWhy: why,
  })

  function promote(rows: ModelVersion[], number: number | undefined, why: string) {
    const row = rows.find((one) => one.number === number && one.status === 'challenger')
    if (!row) return undefined
    const champion = asChampion(row, why)
    const others = rows.filter((one) => one !== row).map(retired)
    return { rows: [champion, ...others], champion }
  }
  function rollBack(rows: ModelVersion[], number: number | undefined, why: string) {
    const target = rows.find(
      (one) => one.status === 'retired' && (number === undefined || one.number === number),
    )
    if (!target) return undefined
    const champion = asChampion(
      {
        ...target,
        number: Math.max(...rows.map((one) => one.number)) + 1,
        reason: 'rollback',
        detail: `back to version ${target.number}`,
        retiredAtMs: null,
        retiredWhy: null,
      },
      why,
    )
    return { rows: [champion, ...rows.map(retired)], champion }
  }

  return {
    list: (service) =>
      service === null ? [...byService.values()].flat() : (byService.get(service) ?? []),
    ask(service, what, number, why) {
      const rows = byService.get(service) ?? []
      if (what === 'retrain') {
        const next = Math.max(...rows.map((one) => one.number)) + 1
        const fitted = { ...examples.challenger, service, number: next, fittedAtMs: Date.now() }
        byService.set(service, [fitted, ...rows])
        tell(fitted, 'fitted')
        return { service, asked: true }
      }
      const done = what === 'promote' ? promote(rows, number, why) : rollBack(rows, number, why)
      if (!done) return undefined
      byService.set(service, done.rows)
      tell(done.champion, 'promoted')
      return done.champion
    },
    news() {
      const news = told
      told = []
      return news
    },
  }
}
