/** Times on a busy machine: the least of many runs is nearest to the work itself. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly peer: string
  /** value / the peer's value in the same run; below 1 is better than the peer. */
  readonly ratio: number
}

/** Least wall time of `runs` calls, ms, after one that is not counted. */
export async function leastMs(
  runs: number,
  work: (run: number) => Promise<void> | void,
): Promise<number> {
  await work(-1)
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const startedMs = performance.now()
    await work(run)
    least = Math.min(least, performance.now() - startedMs)
  }
  return least
}
