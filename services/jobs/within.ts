/** Waits for what a queue answers, and no longer than told. */
import { JobsUnavailable } from './job.ts'

/** Rejects with JobsUnavailable when it fails for want of a connection, or takes too long; with Conflict as it was thrown. */
export async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new JobsUnavailable(`the queue did not answer within ${limitMs} ms`)),
      limitMs,
    )
  })
  try {
    const answer = work()
    // what it still says when nobody listens any more
    answer.catch(() => undefined)
    return await Promise.race([answer, late])
  } catch (error) {
    if (isAway(error)) throw new JobsUnavailable('the queue does not answer', { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof JobsUnavailable) return false
  return /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|Connection is closed|Stream isn't writeable|max retries|^ (LOADING|READONLY|MISCONF|OOM|CLUSTERDOWN|MASTERDOWN|NOAUTH|WRONGPASS|NOPERM)/i.test(
    `${Reflect.get(error, 'code') ?? ''} ${error.message}`,
  )
}
