/** What queueing theory says of waiting times, in service times where not said otherwise. */
import { erlangC } from '../controllers/erlang.ts'

/** M/M/c: C(c, a) ÷ (c·(1 − ρ)) (Kleinrock, Queueing Systems I, 1975, section 3.5). */
export function waitingMMc(servers: number, utilization: number): number {
  return erlangC(servers, servers * utilization) / (servers * (1 - utilization))
}

/** M/G/1 by Pollaczek and Khinchine: ρ·(1 + cv²) ÷ (2·(1 − ρ)) (Kleinrock I, section 5.6). */
export function waitingMG1(utilization: number, cv: number): number {
  return (utilization * (1 + cv * cv)) / (2 * (1 - utilization))
}

/**
 * M/D/c, exact. Whoever is in service now has left after one service time, whoever waits then was waiting or came since: so
 * the number in the system, seen once a service time, is a Markov chain, n → max(0, n − c) + Poisson(c·ρ) (Crommelin 1932;
 * Franx, "A simple solution for the M/D/c waiting time distribution", Operations Research Letters 29, 2001, section 2).
 * Its stationary mean queue, by iteration, and Little's law.
 */
export function waitingMDc(servers: number, utilization: number): number {
  const offered = servers * utilization
  // the queue's tail falls at least as fast as that of M/M/c
  const states = servers + Math.ceil(40 / -Math.log(utilization))
  const came = poisson(offered, states)
  let now: Float64Array = came
  for (;;) {
    const next = afterOneService(now, came, servers)
    const moved = next.reduce((sum, p, n) => sum + Math.abs(p - now[n]!), 0)
    now = next
    if (moved < 1e-13) break
  }
  const queue = now.reduce((sum, p, n) => sum + Math.max(0, n - servers) * p, 0)
  return queue / offered
}

function afterOneService(now: Float64Array, came: Float64Array, servers: number): Float64Array {
  const next = new Float64Array(now.length)
  now.forEach((p, n) => {
    const left = Math.max(0, n - servers)
    for (let k = 0; left + k < next.length; k++) next[left + k]! += p * came[k]!
  })
  const total = next.reduce((sum, p) => sum + p, 0)
  return next.map((p) => p / total)
}

/** P(n), n < `states`. */
function poisson(mean: number, states: number): Float64Array {
  let ln = -mean
  return Float64Array.from({ length: states }, (_, n) => {
    if (n > 0) ln += Math.log(mean / n)
    return Math.exp(ln)
  })
}
