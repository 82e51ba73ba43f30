/** Spikes of the demo with their times, those that are over included, so that charts can shade them. Pure. */
import type { DemoView, Spike } from '../../http/demo-port.ts'

export interface SeenSpike extends Spike {
  readonly fromMs: number
  readonly toMs: number
}

const SPIKES_MAX = 100

/** What runs now, laid over what ran before; a spike that has vanished before its end was stopped now. */
export function seen(
  before: readonly SeenSpike[],
  demo: DemoView | null,
  nowMs: number,
  keepMs: number,
): readonly SeenSpike[] {
  const gone = new Map(before.map((spike) => [spike.id, spike]))
  const running = (demo?.spikes ?? []).map((spike) => {
    const fromMs = numberOf(spike.fromMs) ?? gone.get(spike.id)?.fromMs ?? nowMs
    gone.delete(spike.id)
    return { ...spike, fromMs, toMs: numberOf(spike.toMs) ?? fromMs + spike.durationMs }
  })
  const over = [...gone.values()]
    .map((spike) => ({ ...spike, toMs: Math.min(spike.toMs, nowMs) }))
    .filter((spike) => spike.toMs > nowMs - keepMs)
  return [...over, ...running].slice(-SPIKES_MAX)
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined
