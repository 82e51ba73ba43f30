/**
 * Where point paths are kept: cut one after another from shared slabs, because a typed array with a buffer of its
 * own costs several times what the forecast in it costs. Who sends a path to another thread copies it first.
 */
const SLAB_NUMBERS = 2048

let slab = new ArrayBuffer(0)
let used = 0

/** Zeros; nobody else's. */
export function newPath(steps: number): Float64Array {
  if (steps > SLAB_NUMBERS / 8) return new Float64Array(steps)
  const bytes = steps * Float64Array.BYTES_PER_ELEMENT
  if (used + bytes > slab.byteLength) {
    slab = new ArrayBuffer(SLAB_NUMBERS * Float64Array.BYTES_PER_ELEMENT)
    used = 0
  }
  const path = new Float64Array(slab, used, steps)
  used += bytes
  return path
}
