/**
 * The one place that chooses how TensorFlow runs: its native library where that is installed, its WebAssembly backend
 * everywhere else. Loaded only when somebody asks for backend `tensorflow`: it takes seconds and hundreds of megabytes.
 */
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import type * as TensorFlow from '@tensorflow/tfjs'

export type Tf = typeof TensorFlow

export interface LoadedTensorflow {
  readonly tf: Tf
  /** `tensorflow` is the native library. */
  readonly backend: 'tensorflow' | 'wasm'
}

/** Where `services/tensorflow/install-native.sh` builds the native addon. */
export function nativeFolder(environment: NodeJS.ProcessEnv): string {
  const cache = environment.XDG_CACHE_HOME ?? path.join(homedir(), '.cache')
  return environment.FORESCALE_TFJS_NATIVE ?? path.join(cache, 'forescale', 'tfjs-native')
}

/** `native: false` leaves the native library alone even where it is installed. */
export async function loadTensorflow({ native = true } = {}): Promise<LoadedTensorflow> {
  const tf = native ? loadNative() : undefined
  return tf ? { tf, backend: 'tensorflow' } : { tf: await loadWasm(), backend: 'wasm' }
}

/** From the optional dependency, else from the folder of the script; undefined where neither is there and works. */
function loadNative(): Tf | undefined {
  const own = createRequire(import.meta.url)
  const built = createRequire(path.join(nativeFolder(process.env), 'package.json'))
  for (const load of [() => own('tfjs-node-native'), () => built('@tensorflow/tfjs-node')]) {
    try {
      return load()
    } catch {
      // not installed, or its library is missing: the next way
    }
  }
  return undefined
}

async function loadWasm(): Promise<Tf> {
  const own = createRequire(import.meta.url)
  const tf: Tf = own('@tensorflow/tfjs')
  const { setWasmPaths }: { setWasmPaths: (folder: string) => void } = own(
    '@tensorflow/tfjs-backend-wasm',
  )
  setWasmPaths(`${path.dirname(own.resolve('@tensorflow/tfjs-backend-wasm'))}${path.sep}`)
  if (!(await tf.setBackend('wasm')))
    throw new Error('the WebAssembly backend of TensorFlow does not start')
  return tf
}
