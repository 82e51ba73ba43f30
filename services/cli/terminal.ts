/**
 * Where a command speaks: data on stdout, talk on stderr; colour and progress only where a person looks at a terminal
 * and did not say no (NO_COLOR, https://no-color.org; TERM=dumb; --no-color).
 */
import { styleText } from 'node:util'

export interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Surroundings {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly nowMs: () => number
  /** From now on Ctrl-C does not end the process but aborts the signal, once: for a command that can end in order. */
  readonly takeInterrupts?: () => AbortSignal
  /** From now on SIGHUP does not end the process but calls `reread`. */
  readonly takeHangups?: (reread: () => void) => void
}

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'

export interface Terminal extends Surroundings {
  /** A line of data. */
  print(line?: string): void
  /** Data for programs: JSON, two spaces deep. */
  printJson(value: unknown): void
  /** A line of talk. */
  say(line: string): void
  paint(style: Style, text: string): string
  /** Waits; after a second it says on a terminal that it does. */
  waitFor<T>(what: string | (() => string), work: Promise<T>): Promise<T>
}

const PATIENCE_MS = 1000

export function createTerminal(around: Surroundings, colorWanted: boolean): Terminal {
  const { stdout, stderr, env } = around
  const colorful =
    colorWanted &&
    !env.NO_COLOR &&
    env.TERM !== 'dumb' &&
    (Boolean(stdout.isTTY) || Boolean(env.FORCE_COLOR))
  const print = (line = ''): void => void stdout.write(`${line}\n`)
  return {
    ...around,
    print,
    printJson: (value) => print(JSON.stringify(value, null, 2)),
    say: (line) => void stderr.write(`${line}\n`),
    paint: (style, text) => (colorful ? styleText(style, text, { validateStream: false }) : text),
    async waitFor(what, work) {
      if (!stderr.isTTY) return work
      const sinceMs = around.nowMs()
      const tell = (): void => {
        const seconds = Math.round((around.nowMs() - sinceMs) / 1000)
        const said = typeof what === 'string' ? what : what()
        stderr.write(`\r\u001b[K${said} … ${seconds} s`)
      }
      const timer = setInterval(tell, PATIENCE_MS)
      try {
        return await work
      } finally {
        clearInterval(timer)
        if (around.nowMs() - sinceMs >= PATIENCE_MS) stderr.write('\r\u001b[K')
      }
    },
  }
}
