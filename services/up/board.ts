/**
 * How a person sees the parts: on a terminal one live line each, kept in place; on a pipe one line when a part
 * becomes ready and when its state changes. What is said last stays last.
 */
import { createLogUpdate } from 'log-update'
import type { PartView } from './supervised.ts'

const NAME_WIDTH = 11
const STATE_WIDTH = 9
const DEFAULT_COLUMNS = 100

export type BoardStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export interface Board {
  show(parts: readonly PartView[], changed: PartView): void
  /** Lines under the parts, which stay there. */
  say(lines: readonly string[]): void
  close(): void
}

export function createBoard(stdout: BoardStream): Board {
  return stdout.isTTY ? liveBoard(stdout) : plainBoard(stdout)
}

function liveBoard(stdout: BoardStream): Board {
  const update = createLogUpdate(stdout, { showCursor: true })
  let parts: readonly PartView[] = []
  let said: readonly string[] = []
  const draw = () => {
    const columns = stdout.columns ?? DEFAULT_COLUMNS
    update([...parts.map((part) => lineOf(part).slice(0, columns - 1)), ...said].join('\n'))
  }
  return {
    show(all) {
      parts = all
      draw()
    },
    say(lines) {
      said = [...said, ...lines]
      draw()
    },
    close: () => update.done(),
  }
}

function plainBoard(stdout: BoardStream): Board {
  const stateByName = new Map<string, string>()
  return {
    show(_all, part) {
      if (stateByName.get(part.name) === part.state) return
      stateByName.set(part.name, part.state)
      if (part.state !== 'waiting' && part.state !== 'starting') stdout.write(`${lineOf(part)}\n`)
    },
    say(lines) {
      for (const line of lines) stdout.write(`${line}\n`)
    },
    close() {},
  }
}

function lineOf({ name, state, line }: PartView): string {
  return `${name.padEnd(NAME_WIDTH)} ${state.padEnd(STATE_WIDTH)} ${line}`.trimEnd()
}
