/**
 * A service station in the queueing sense (G/G/k/k+limit): `concurrency` requests are served at once, `queueLimit`
 * wait in order of arrival, the next is refused. Serving is waiting for a timer, so that a replica saturates as
 * declared while costing its machine almost nothing.
 */
export interface StationOptions {
  readonly concurrency: number
  readonly queueLimit: number
  /** Next service time, ms. */
  readonly serviceMs: () => number
  /** Runs `done` after `ms`; setTimeout in production. */
  readonly after: (ms: number, done: () => void) => void
}

export interface Station {
  /** Resolves when the request was served; undefined, at once, when there is no room for it. */
  serve(): Promise<void> | undefined
  queueLength(): number
  inService(): number
  /** Resolves when nothing is queued or in service. */
  idle(): Promise<void>
}

export function createStation(options: StationOptions): Station {
  const { concurrency, queueLimit, serviceMs, after } = options
  const queue: (() => void)[] = []
  let idleWaiters: (() => void)[] = []
  let inService = 0

  function begin(done: () => void): void {
    inService++
    after(serviceMs(), () => {
      inService--
      done()
      const next = queue.shift()
      if (next) begin(next)
      else if (inService === 0) {
        for (const resolve of idleWaiters) resolve()
        idleWaiters = []
      }
    })
  }

  return {
    serve() {
      if (inService < concurrency) return new Promise(begin)
      if (queue.length >= queueLimit) return undefined
      return new Promise((resolve) => queue.push(resolve))
    },
    queueLength: () => queue.length,
    inService: () => inService,
    idle() {
      if (inService === 0) return Promise.resolve()
      return new Promise((resolve) => idleWaiters.push(resolve))
    },
  }
}
