/** What is checked when a run is over and quiet: who got what was decided, and whether the books say so. */
import type { World } from './world.ts'

/** Of the newest decisions of each service each must have had its effect by then. */
export function closeBooks(world: World): void {
  const { ledgerBook, checker, platform, knobs, lies } = world
  const { tables } = ledgerBook
  const newest = tables.newestTick
  checker.remembered()
  for (const id of tables.pending) {
    const decision = tables.decisions.get(id)!
    if (decision.tick < newest - 2)
      checker.broken('books', `${id} of tick ${decision.tick} is still pending at tick ${newest}`)
  }
  const decided = (tables.decided.get(newest) ?? []).map((id) => tables.decisions.get(id)!)
  for (const { service, to, settlement, detail, mode } of decided) {
    const ails = platform.ailments(service)
    if (ails.refuses || mode !== 'enforce') continue
    const requested = platform.target(service)?.requested
    if (settlement === 'applied' && requested !== to)
      checker.broken('books', `${service} is said to be set to ${to}, but is ${requested}`)
    if (settlement === 'failed')
      checker.broken(
        'recovery',
        `${service} cannot be set to ${to} after the last fault: ${detail}`,
      )
  }
  for (const { service, mode } of decided)
    if (mode !== 'enforce' && !lies.has(service))
      checker.broken('recovery', `${service} is in mode ${mode} after the last fault`)
  void knobs
}
