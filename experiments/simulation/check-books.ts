/** What is checked when a run is over and quiet: who got what was decided, and whether the books say so. */
import type { World } from './world.ts'

export function closeBooks(world: World): void {
  world.checker.remembered()
  checkPending(world)
  checkNewest(world)
  checkLeases(world)
}

/** An election among several, as those who took part saw it. */
function checkLeases({ nodes, leases, checker }: World): void {
  if (nodes.length < 2) return
  for (const fault of leases.faults()) checker.broken('lease', fault)
}

/** What a broken tick left open was looked into since. */
function checkPending({ ledgerBook: { tables }, checker }: World): void {
  for (const id of tables.pending) {
    const { tick } = tables.decisions.get(id)!
    if (tick < tables.newestTick - 2)
      checker.broken('books', `${id} of tick ${tick} is pending at tick ${tables.newestTick}`)
  }
}

/** The newest decisions have their effects, wherever the target takes orders. */
function checkNewest({ ledgerBook: { tables }, checker, platform, knobs }: World): void {
  const decided = (tables.decided.get(tables.newestTick) ?? []).map(
    (id) => tables.decisions.get(id)!,
  )
  const before = new Map(
    (tables.decided.get(tables.newestTick - 1) ?? []).map((id) => {
      const { service, settlement } = tables.decisions.get(id)!
      return [service, settlement]
    }),
  )
  // a target that refuses is asked again every few ticks, and in that tick others may wait for it
  const isAsked = knobs.services.some((service) => platform.ailments(service).refuses)
  for (const { service, to, settlement, detail, mode } of decided) {
    if (platform.ailments(service).refuses) continue
    if (mode !== 'enforce')
      checker.broken('recovery', `${service} is in mode ${mode} after the last fault`)
    const requested = platform.target(service)?.requested
    if (settlement === 'applied' && requested !== to)
      checker.broken('books', `${service} is said to be set to ${to}, but is ${requested}`)
    if (settlement === 'failed' && !(isAsked && before.get(service) !== 'failed'))
      checker.broken(
        'recovery',
        `${service} cannot be set to ${to} after the last fault: ${detail}`,
      )
  }
}
