/**
 * A second bound for several services under one budget, by another road and another's code: the linear program in which
 * replicas may be fractions, violations lie on the lower convex envelope of their curve, and ramps are forgotten; solved by
 * HiGHS (Huangfu & Hall 2018; package highs). No schedule within the budget has less cost + price · violations. Its
 * prices of the budget, tick by tick, are where the Lagrangian search (budget.ts) best begins.
 *
 *   minimise  Σ replicaCost · q + price · (φ · y + (1 − φ) · z)
 *   z[t] ≥ envelope(r[t])      y[t] ≥ z[t], envelope(r[t − 1])      q[t] ≥ r[t … t + m]      Σ replicaCost · q[t] ≤ budget
 */
import highsModule from 'highs'
import type { OracleBudget } from './budget.ts'
import { lagOf, type OracleService } from './schedule.ts'

// the package's types have its loader as a property of the default export; it is the export itself
const loadHighs = highsModule as unknown as typeof highsModule.default

export interface LinearBound {
  readonly bound: number
  /** $ per $ of budget in each tick; 0 where it does not bind. */
  readonly prices: Float64Array
}

/** Throws an Error with HiGHS' word for it when there is no optimum. */
export async function linearBound(
  services: readonly OracleService[],
  price: number,
  { costBudgetPerHour, hoursATick }: OracleBudget,
): Promise<LinearBound> {
  const highs = await loadHighs()
  const ticks = services[0]?.ticks ?? 0
  const solution = highs.solve(programOf(services, price, costBudgetPerHour * hoursATick))
  if (solution.Status !== 'Optimal') throw new Error(`linear program: ${solution.Status}`)
  const prices = new Float64Array(ticks)
  for (const row of solution.Rows) {
    if (!('Name' in row)) continue
    const [name, tick] = row.Name.split('_')
    if (name === 'budget') prices[Number(tick)] = Math.max(0, -row.Dual)
  }
  return { bound: solution.ObjectiveValue, prices }
}

interface Program {
  readonly objective: string[]
  readonly rows: string[]
  readonly bounds: string[]
}

/** In CPLEX' LP format. */
function programOf(services: readonly OracleService[], price: number, budget: number): string {
  const program: Program = { objective: [], rows: [], bounds: [] }
  const ticks = services[0]?.ticks ?? 0
  services.forEach((service, i) => {
    for (let t = 0; t < ticks; t++) addTick(program, service, { i, t, price })
  })
  for (let t = 0; t < ticks; t++) {
    const terms = services.map(({ replicaCost }, i) => `${replicaCost} q${i}_${t}`)
    program.rows.push(`budget_${t}: ${terms.join(' + ')} <= ${budget}`)
  }
  const { objective, rows, bounds } = program
  return [
    ...['Minimize', objective.join(' + ')],
    ...['Subject To', ...rows],
    ...['Bounds', ...bounds, 'End'],
  ].join('\n')
}

interface TickOf {
  readonly i: number
  readonly t: number
  readonly price: number
}

function addTick(
  { objective, rows, bounds }: Program,
  service: OracleService,
  { i, t, price }: TickOf,
): void {
  const { least, most, initial, replicaCost, ticks } = service
  const { whole, share } = lagOf(service)
  const at = `${i}_${t}`
  objective.push(
    `${replicaCost} q${at}`,
    `${price * share} y${at}`,
    `${price * (1 - share)} z${at}`,
  )
  const lines = envelope(service, t)
  for (const { slope, intercept } of lines) {
    rows.push(`z${at} ${signed(-slope)} r${at} >= ${intercept}`)
    if (t > 0) rows.push(`y${at} ${signed(-slope)} r${i}_${t - 1} >= ${intercept}`)
  }
  const atFirst = Math.max(...lines.map((line) => line.intercept + line.slope * initial))
  if (t === 0) rows.push(`y${at} >= ${atFirst}`)
  rows.push(`y${at} - z${at} >= 0`)
  for (let s = t; s <= Math.min(t + whole, ticks - 1); s++) rows.push(`q${at} - r${i}_${s} >= 0`)
  const reachable = t < whole ? Math.max(least, Math.min(most, initial)) : most
  bounds.push(`${least} <= r${at} <= ${reachable}`, `${least} <= q${at} <= ${most}`)
}

const signed = (value: number): string => (value < 0 ? `- ${-value}` : `+ ${value}`)

interface Line {
  readonly slope: number
  readonly intercept: number
}

/** Lines of the lower convex envelope of a tick's violations over the counts (Andrew's monotone chain). */
function envelope({ least, most, violations }: OracleService, tick: number): Line[] {
  const hull: { readonly x: number; readonly y: number }[] = []
  for (let x = least; x <= most; x++) {
    const y = violations(tick, x)
    while (hull.length > 1 && !turnsUp(hull.at(-2)!, hull.at(-1)!, { x, y })) hull.pop()
    hull.push({ x, y })
  }
  if (hull.length === 1) return [{ slope: 0, intercept: hull[0]!.y }]
  return hull.slice(1).map(({ x, y }, k) => {
    const before = hull[k]!
    const slope = (y - before.y) / (x - before.x)
    return { slope, intercept: y - slope * x }
  })
}

type Point = { readonly x: number; readonly y: number }

const turnsUp = (a: Point, b: Point, c: Point): boolean =>
  (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0
