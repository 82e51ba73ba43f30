/** Threads or processes of which each does one job at a time, begun when first needed, and ended when what it does is unwanted. */
export interface Lane {
  /** What it is at rejects; it can be used again. */
  close(): Promise<void>
}

export interface Lanes<One extends Lane> {
  /** On one that is free. Aborted: the lane is closed, so that `work` rejects. */
  use<Result>(signal: AbortSignal, work: (lane: One) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

export function createLanes<One extends Lane>(most: number, create: () => One): Lanes<One> {
  const all: One[] = []
  const free: One[] = []
  const waiting: ((lane: One) => void)[] = []

  function take(): One | Promise<One> {
    const lane = free.pop()
    if (lane) return lane
    if (all.length >= most) return new Promise((resolve) => waiting.push(resolve))
    const fresh = create()
    all.push(fresh)
    return fresh
  }
  function leave(lane: One): void {
    const next = waiting.shift()
    if (next) next(lane)
    else free.push(lane)
  }
  return {
    async use(signal, work) {
      const lane = await take()
      const end = (): void => void lane.close()
      try {
        signal.throwIfAborted()
        signal.addEventListener('abort', end, { once: true })
        return await work(lane)
      } finally {
        signal.removeEventListener('abort', end)
        leave(lane)
      }
    },
    async close() {
      await Promise.all(all.map((lane) => lane.close()))
    },
  }
}
