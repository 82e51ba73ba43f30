/**
 * Compiles the kernel (AssemblyScript, SIMD) and writes its bytes into `forecaster/neural/kernel-bytes.ts`, so that
 * the forecaster needs neither a compiler nor a file at run time: `node forecaster/neural/kernel/build.ts`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import asc from 'assemblyscript/asc'

const FOLDER = path.join(import.meta.dirname, 'assembly')
const TARGET = path.join(import.meta.dirname, '..', 'kernel-bytes.ts')
const LINE = 120

/** The module's bytes; throws with the compiler's words when it does not compile. */
export const compileKernel = (): Promise<Uint8Array> => compileAssembly(FOLDER)

/** The same for the `kernel.ts` of any folder. */
export async function compileAssembly(folder: string): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    [
      'kernel.ts',
      ...['--outFile', 'kernel.wasm'],
      ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge'],
      ...['--runtime', 'stub', '--enable', 'simd', '--noAssert'],
      ...['--use', 'abort=', '--initialMemory', '1'],
    ],
    {
      // our imports name the file with its ending, the compiler adds another
      readFile: (name) => {
        const file = path.join(folder, name.replace(/\.ts\.ts$/, '.ts'))
        return existsSync(file) ? readFileSync(file, 'utf8') : null
      },
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm' && typeof contents !== 'string') bytes = contents
      },
      listFiles: () => [],
    },
  )
  if (error || !bytes) throw new Error(`the kernel does not compile: ${stderr.toString()}`)
  return bytes
}

/** The generated TypeScript that carries `bytes`; `builder` is the file that makes it. */
export function kernelModule(
  bytes: Uint8Array,
  builder = 'forecaster/neural/kernel/build.ts',
): string {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(new RegExp(`.{1,${LINE}}`, 'g'))!
  return [
    `/** The compiled kernel, base64; made by \`node ${builder}\`, not by hand. */`,
    'export const KERNEL_BASE64 = `',
    ...lines,
    '`',
    '',
  ].join('\n')
}

if (import.meta.main) writeFileSync(TARGET, kernelModule(await compileKernel()))
