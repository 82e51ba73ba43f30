/**
 * Nelder–Mead simplex search inside a box (Nelder & Mead 1965, with the standard coefficients). Small,
 * derivative-free and deterministic: enough for the four parameters of exponential smoothing.
 */
export interface Box {
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/** The best point found in `evaluations` calls of `loss`; a non-finite loss counts as infinitely bad. */
export function nelderMead(
  loss: (x: readonly number[]) => number,
  start: readonly number[],
  { lower, upper }: Box,
  evaluations: number,
): readonly number[] {
  let left = evaluations
  const inBox = (x: readonly number[]): number[] =>
    x.map((v, i) => Math.min(Math.max(v, lower[i]!), upper[i]!))
  const vertex = (x: readonly number[]): Vertex => {
    left--
    const inside = inBox(x)
    const value = loss(inside)
    return { x: inside, value: Number.isFinite(value) ? value : Number.POSITIVE_INFINITY }
  }
  const simplex = [vertex(start)]
  for (let i = 0; i < start.length; i++) {
    const corner = [...start]
    const stride = 0.25 * (upper[i]! - lower[i]!)
    corner[i] = corner[i]! + (corner[i]! + stride <= upper[i]! ? stride : -stride)
    simplex.push(vertex(corner))
  }
  while (left > 0) {
    simplex.sort((a, b) => a.value - b.value)
    const worst = simplex.at(-1)!
    const next = move(simplex, worst, vertex)
    if (next) simplex[simplex.length - 1] = next
    else
      for (let i = 1; i < simplex.length; i++)
        simplex[i] = vertex(along(simplex[0]!.x, simplex[i]!.x, 0.5))
  }
  return simplex.reduce((a, b) => (b.value < a.value ? b : a)).x
}

interface Vertex {
  readonly x: readonly number[]
  readonly value: number
}

/** What takes the place of the worst vertex: reflected, expanded or contracted; undefined asks for a shrink. */
function move(
  simplex: readonly Vertex[],
  worst: Vertex,
  vertex: (x: readonly number[]) => Vertex,
): Vertex | undefined {
  const others = simplex.length - 1
  const centre = worst.x.map(
    (_, i) => simplex.slice(0, others).reduce((sum, v) => sum + v.x[i]!, 0) / others,
  )
  const reflected = vertex(along(centre, worst.x, -1))
  if (reflected.value < simplex[0]!.value) {
    const expanded = vertex(along(centre, worst.x, -2))
    return expanded.value < reflected.value ? expanded : reflected
  }
  if (reflected.value < simplex[others - 1]!.value) return reflected
  const nearer = reflected.value < worst.value ? reflected : worst
  const contracted = vertex(along(centre, nearer.x, 0.5))
  return contracted.value < nearer.value ? contracted : undefined
}

function along(from: readonly number[], to: readonly number[], by: number): number[] {
  return from.map((v, i) => v + by * (to[i]! - v))
}
