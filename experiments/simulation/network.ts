/**
 * Requests between machines. A request takes a while, is carried out as a whole at one instant, and its answer takes a
 * while. Either way may be cut, slow, or lose what is sent; a request may arrive twice, or long after its sender gave up.
 * Who gets no answer in time is told so, and cannot know whether the request was carried out.
 */
import type { Run } from './machine.ts'
import type { Scheduler } from './scheduler.ts'

export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** A way from one machine to another, and back. */
export interface Link {
  requestsCut: boolean
  answersCut: boolean
  /** Chance that a message is lost. */
  loss: number
  /** Chance that a request arrives a second time. */
  duplication: number
  /** Chance that a request comes late: by up to `lateMs`, after all that was sent meanwhile. */
  lateness: number
  lateMs: number
  /** All take so many times as long. */
  slowness: number
}

export interface Server {
  readonly name: string
  isUp: boolean
  /** Counts its stops: what was under way at a stop is not carried out. */
  life: number
  /** A request fails before (or after) it was carried out, with these chances. */
  failsBefore: number
  failsAfter: number
  /** From request to effect, ms. */
  workMs: number
}

export interface CallOptions {
  readonly timeoutMs: number
  /** A crash test: told of each stage of each call. */
  readonly onStage?: (stage: Stage, name: string) => void
}
export type Stage = 'sent' | 'done' | 'answered'

export interface Network {
  link(from: string, to: string): Link
  call<T>(
    from: { readonly name: string; readonly run: Run },
    to: Server,
    name: string,
    work: () => Promise<T>,
    options: CallOptions,
  ): Promise<T>
}

export interface NetworkOptions {
  readonly scheduler: Scheduler
  readonly random: () => number
  /** Usual time of one way, ms. */
  readonly wayMs: number
}

export const clearLink = (): Link => ({
  requestsCut: false,
  answersCut: false,
  loss: 0,
  duplication: 0,
  lateness: 0,
  lateMs: 0,
  slowness: 1,
})

export function createServer(name: string, workMs: number): Server {
  return { name, isUp: true, life: 0, failsBefore: 0, failsAfter: 0, workMs }
}

/** What was under way is lost; until it is up again nothing is answered. */
export function stopServer(server: Server): void {
  server.isUp = false
  server.life++
}

export function createNetwork({ scheduler, random, wayMs }: NetworkOptions): Network {
  const links = new Map<string, Link>()
  const linkOf = (from: string, to: string): Link => {
    const key = `${from}>${to}`
    const known = links.get(key) ?? clearLink()
    links.set(key, known)
    return known
  }
  const way = (link: Link) => wayMs * (0.5 + random()) * link.slowness

  return {
    link: linkOf,
    call({ name: from, run }, to, name, work, { timeoutMs, onStage }) {
      const link = linkOf(from, to.name)
      const deadlineMs = scheduler.nowMs() + timeoutMs
      return new Promise((resolve, reject) => {
        let isHeard = true
        const giveUp = (): void => {
          if (!isHeard) return
          isHeard = false
          const error = new NoAnswer(`${to.name} ${name}: no answer within ${timeoutMs} ms`)
          scheduler.at(deadlineMs, () => run.wake(() => reject(error)))
        }
        const later = (delayMs: number, work: () => void): void => {
          const atMs = scheduler.nowMs() + delayMs
          if (atMs > deadlineMs) giveUp()
          scheduler.at(atMs, work)
        }
        const answer = (tell: () => void): void => {
          if (link.answersCut || random() < link.loss) giveUp()
          later(way(link), () => {
            if (!isHeard) return
            onStage?.('answered', name)
            run.wake(tell)
          })
        }
        const carryOut = (delayMs: number): void => {
          const { life } = to
          later(delayMs + to.workMs * (0.5 + random()), () => {
            if (!to.isUp || to.life !== life) return giveUp()
            const failed = (when: string) =>
              answer(() => reject(new Error(`${to.name} ${name}: failed ${when} its work`)))
            if (random() < to.failsBefore) return failed('before')
            const failsAfter = random() < to.failsAfter
            work().then(
              (value) => {
                onStage?.('done', name)
                if (failsAfter) failed('after')
                else answer(() => resolve(value))
              },
              (error: unknown) => answer(() => reject(error)),
            )
          })
        }
        onStage?.('sent', name)
        if (!run.isAlive()) return
        if (link.requestsCut || random() < link.loss) return giveUp()
        if (random() < link.duplication)
          scheduler.at(
            deadlineMs + random() * timeoutMs,
            () => void (to.isUp && work().catch(() => {})),
          )
        if (random() < link.lateness) {
          giveUp()
          carryOut(way(link) + random() * link.lateMs)
        } else carryOut(way(link))
      })
    },
  }
}
