/**
 * The one door to the package `arima` (ctsa as WebAssembly). A fit gets a WebAssembly instance of its own, which is
 * dropped afterwards: a failed fit cannot break later ones, and nothing is printed. The package hides the
 * coefficients, so they are read from the instance's memory, and believed only if our own recursion gives
 * the library's forecasts with them.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Coefficients } from './arima-step.ts'

export interface Order {
  readonly p: number
  readonly d: 0 | 1
  readonly q: number
}

export interface LibraryFit extends Coefficients {
  /** The library's own forecasts of the next steps: the check of the coefficients. */
  readonly forecasts: readonly number[]
}

/** Exact likelihood; the other methods were seen to diverge silently. */
const METHOD = 1
/** Where ctsa's `sarimax_object` keeps its fields, in 4-byte words (32-bit pointers) and 8-byte words. */
const PHI_WORD = 14
const THETA_WORD = 15
const MEAN_DOUBLE = 11

interface Instance {
  readonly HEAP32: Int32Array
  readonly HEAPF64: Float64Array
}

interface Library {
  new (
    options: object,
  ): {
    readonly model: number
    train(values: number[]): unknown
    predict(steps: number): [number[], number[]]
    destroy(): void
  }
}

interface Parts {
  readonly instantiate: (options: object) => Instance
  readonly binary: Uint8Array
  readonly bind: (instance: Instance) => Library
}

let parts: Parts | undefined

/** Loaded at the first fit only: a process that merely forecasts never pays for it. */
function loadParts(): Parts {
  if (parts) return parts
  const require = createRequire(import.meta.url)
  const folder = dirname(require.resolve('arima'))
  parts = {
    instantiate: require(join(folder, 'wasm', 'native-sync.js')),
    binary: require(join(folder, 'wrapper', 'native.bin.js')),
    bind: require(join(folder, 'load.js')),
  }
  return parts
}

/** Undefined when the library failed. `values` must be finite; at most 2,000 of them are known to be safe. */
export function fitWithLibrary(
  values: readonly number[],
  { p, d, q }: Order,
  checkSteps: number,
): LibraryFit | undefined {
  try {
    const { instantiate, binary, bind } = loadParts()
    const silent = (): void => {}
    const instance = instantiate({ wasmBinary: binary, print: silent, printErr: silent })
    const model = new (bind(instance))({ p, d, q, method: METHOD, verbose: false })
    model.train([...values])
    const object = instance.HEAP32[model.model / 4]! / 4
    const numbers = (word: number, count: number): number[] => {
      const start = instance.HEAP32[object + word]! / 8
      return Array.from(instance.HEAPF64.subarray(start, start + count))
    }
    const fit = {
      phi: numbers(PHI_WORD, p),
      // ctsa writes moving averages with the opposite sign
      theta: numbers(THETA_WORD, q).map((v) => -v),
      mean: d === 0 ? instance.HEAPF64[object / 2 + MEAN_DOUBLE]! : 0,
      forecasts: model.predict(checkSteps)[0],
    }
    model.destroy()
    return fit
  } catch {
    return undefined
  }
}
