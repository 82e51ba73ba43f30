/** A tick's outputs as bytes: what is hashed, so that a replay is compared to the bit. */

/** For comparing: exact, order fixed. */
export function encodeOutcome(
  rows: readonly { to: number; floorReplicas: number; expectedLoss: number }[],
  figures: readonly number[],
): Uint8Array {
  const out = new Float64Array(rows.length * 3 + figures.length)
  let at = 0
  for (const row of rows) {
    out[at++] = row.to
    out[at++] = row.floorReplicas
    out[at++] = row.expectedLoss
  }
  out.set(figures, at)
  return new Uint8Array(out.buffer)
}
