/** A command as a person runs it, in this process: how it ended and what it said. Only for tests. */
import { runCli } from './main.ts'
import type { Surroundings } from './terminal.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  /** The environment; nothing but this. */
  readonly env?: Readonly<Record<string, string>>
  readonly nowMs?: () => number
  readonly isTTY?: boolean
  /** Signals, for a command that goes on until it gets one. */
  readonly signals?: Pick<Surroundings, 'takeInterrupts' | 'takeHangups'>
}

export async function runCommand(
  argv: readonly string[],
  { env = {}, nowMs = () => 0, isTTY = false, signals }: RunOptions = {},
): Promise<Ran> {
  const said = { out: '', err: '' }
  const to = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text
    },
    isTTY,
  })
  const code = await runCli(argv, {
    ...{ stdout: to('out'), stderr: to('err'), env, nowMs },
    ...signals,
  })
  return { code, ...said }
}
