import { describe, expect, it } from 'vitest'
import { loadTensorflow } from './backend.ts'
import { agreesWithOurs } from './network.suite.ts'

const { tf, backend } = await loadTensorflow({ native: false })

describe('TensorFlow in WebAssembly', () => {
  it('runs', () => {
    expect(backend).toBe('wasm')
    expect(tf.getBackend()).toBe('wasm')
  })
  agreesWithOurs(tf)
})
