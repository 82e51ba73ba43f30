/** A fit worker whose ARIMA crashes, hangs or throws, as the seed says; without ARIMA it is the real one. */
import { parentPort } from 'node:worker_threads'
import { fitForecaster } from '../../forecaster/forecaster.ts'
import type { FitAnswer, FitRequest } from './fit-worker.ts'

export const CRASH = 1
export const HANG = 2
export const THROW = 3
export const CRASH_ALWAYS = 4

const answer = (message: FitAnswer): void => parentPort?.postMessage(message)

function misbehave(seed: number): void {
  if (seed === CRASH || seed === CRASH_ALWAYS) process.exit(7)
  if (seed === HANG) for (;;);
  if (seed === THROW) throw new Error('out of memory, says the library')
}

parentPort?.on('message', ({ series, config, seed, options }: FitRequest) => {
  if (config.models.includes('arima') || seed === CRASH_ALWAYS) misbehave(seed)
  answer({ kind: 'done', report: fitForecaster(series, config, seed, options) })
})
answer({ kind: 'ready' })
