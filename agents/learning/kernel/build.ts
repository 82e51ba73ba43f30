/**
 * Compiles the kernel of the networks that learn to act (AssemblyScript, SIMD) and writes its bytes into
 * `agents/learning/kernel-bytes.ts`: `node agents/learning/kernel/build.ts`.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { compileAssembly, kernelModule } from '../../../forecaster/neural/kernel/build.ts'

const TARGET = path.join(import.meta.dirname, '..', 'kernel-bytes.ts')

/** The generated TypeScript that carries the compiled kernel. */
export async function buildKernel(): Promise<string> {
  const bytes = await compileAssembly(path.join(import.meta.dirname, 'assembly'))
  return kernelModule(bytes, 'agents/learning/kernel/build.ts')
}

if (import.meta.main) writeFileSync(TARGET, await buildKernel())
