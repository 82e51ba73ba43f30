import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { buildKernel } from './build.ts'

it('the bytes in the repository are what the sources compile to', async () => {
  const stored = readFileSync(path.join(import.meta.dirname, '..', 'kernel-bytes.ts'), 'utf8')
  expect(await buildKernel()).toBe(stored)
}, 60_000)
