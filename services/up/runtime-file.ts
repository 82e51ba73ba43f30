/** What runs now, for the command line and for tests: addresses and process ids, in stateDir/runtime.json. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

export const Runtime = z.object({
  pid: z.int().meta({ description: 'The process that supervises the parts.' }),
  urls: z.object({
    dashboard: z.string(),
    host: z.string().optional(),
    gateway: z.string().optional(),
    load: z.string().optional(),
  }),
  parts: z.array(z.object({ name: z.string(), pid: z.int() })),
})
export type Runtime = z.infer<typeof Runtime>

const fileIn = (stateDir: string) => path.join(stateDir, 'runtime.json')

/** Whole or not at all: readers may look at any moment. */
export function writeRuntime(stateDir: string, runtime: Runtime): void {
  const file = fileIn(stateDir)
  writeFileSync(`${file}.new`, JSON.stringify(runtime, null, 2))
  renameSync(`${file}.new`, file)
}

export function removeRuntime(stateDir: string): void {
  rmSync(fileIn(stateDir), { force: true })
}

/** undefined when nothing runs there; a crash may leave a file whose `pid` is gone. */
export function readRuntime(stateDir: string): Runtime | undefined {
  try {
    return Runtime.parse(JSON.parse(readFileSync(fileIn(stateDir), 'utf8')))
  } catch {
    return undefined
  }
}
