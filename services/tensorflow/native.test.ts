/** A file of its own: a process has one TensorFlow engine. Skipped where the native library is not installed. */
import { describe, expect, it } from 'vitest'
import { loadTensorflow } from './backend.ts'
import { agreesWithOurs } from './network.suite.ts'

const { tf, backend } = await loadTensorflow()

describe.skipIf(backend !== 'tensorflow')('the native TensorFlow', () => {
  it('runs', () => {
    expect(tf.getBackend()).toBe('tensorflow')
  })
  agreesWithOurs(tf)
})

it('without the native library, loading falls back to WebAssembly', () => {
  expect(['tensorflow', 'wasm']).toContain(tf.getBackend())
})
