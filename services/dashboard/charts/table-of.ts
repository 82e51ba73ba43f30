/** Aligned columns for charts: many time series on one time axis, gaps told apart from "nothing here". */
import { lowerBound } from '../data/points.ts'

/** null is a gap in the line; undefined only means that another series has a point here. */
export type Cell = number | null | undefined

export interface Aligned {
  readonly x: readonly number[]
  readonly columns: readonly (readonly Cell[])[]
}

export interface Column {
  readonly points: readonly { readonly t: number }[]
  readonly value: (point: never) => number | null
}

/** A column of points with its way to read them. */
export function column<Timed extends { readonly t: number }>(
  points: readonly Timed[],
  value: (point: Timed) => number | null,
): Column {
  return { points, value }
}

/** All columns between two times (one point beyond on each side, so that lines reach the edge). */
export function align(columns: readonly Column[], fromMs: number, toMs: number): Aligned {
  const shown = columns.map(({ points, value }) => {
    const start = Math.max(0, lowerBound(points, fromMs) - 1)
    const end = lowerBound(points, toMs) + 1
    return { points: points.slice(start, end), value }
  })
  const times = new Set<number>()
  for (const { points } of shown) for (const { t } of points) times.add(t)
  const x = [...times].sort((a, b) => a - b)
  const place = new Map(x.map((t, i) => [t, i]))
  return {
    x,
    columns: shown.map(({ points, value }) => {
      const cells: Cell[] = new Array(x.length).fill(undefined)
      for (const point of points) cells[place.get(point.t)!] = value(point as never)
      return cells
    }),
  }
}

/** The newest value at or before row `i`, looking back at most `back` rows; null at a gap. */
export function valueBefore(cells: readonly Cell[], i: number, back = 12): number | null {
  for (let k = i; k >= 0 && k > i - back; k--) {
    const cell = cells[k]
    if (cell !== undefined) return cell
  }
  return null
}

/** The last row that is not in the future. */
export function rowAt(data: Aligned, nowMs: number): number {
  let row = data.x.length - 1
  while (row > 0 && data.x[row]! > nowMs) row--
  return row
}
