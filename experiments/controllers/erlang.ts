/**
 * Erlang's formula C: the probability that an arrival finds all of `servers` busy, `offered` of them on average.
 *
 * By the recursion of formula B, 1/B(n) = 1 + (n/a) · 1/B(n − 1), which overflows for no number of servers that matters.
 */
export function erlangC(servers: number, offered: number): number {
  if (offered <= 0) return 0
  if (offered >= servers) return 1
  let inverseB = 1
  for (let n = 1; n <= servers; n++) inverseB = 1 + (n / offered) * inverseB
  const b = 1 / inverseB
  return b / (1 - (offered / servers) * (1 - b))
}
