/** A bar on a terminal; nothing where nobody looks. */
import { createLogUpdate } from 'log-update'
import type { Terminal } from '../../services/cli/terminal.ts'
import type { Progress } from './run.ts'

const WIDTH = 30

export interface ProgressBar {
  show(progress: Progress): void
  end(): void
}

export function createProgress(name: string, { stderr, nowMs }: Terminal): ProgressBar {
  if (!stderr.isTTY) return { show: () => undefined, end: () => undefined }
  const update = createLogUpdate(process.stderr)
  const sinceMs = nowMs()
  return {
    show: (progress) => update(barOf(name, progress, nowMs() - sinceMs)),
    end: () => update.done(),
  }
}

/** `smoke ██████░░░░ 12/40 runs, 3 of them of earlier calls, 20 s left` */
export function barOf(name: string, { jobs, finished, reused }: Progress, spentMs: number): string {
  const full = jobs === 0 ? WIDTH : Math.floor((WIDTH * finished) / jobs)
  const fresh = finished - reused
  const left =
    fresh > 0 ? `, ${Math.ceil(((spentMs / fresh) * (jobs - finished)) / 1000)} s left` : ''
  const kept = reused > 0 ? `, ${reused} of them of earlier calls` : ''
  return `${name} ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${finished}/${jobs} runs${kept}${left}`
}
