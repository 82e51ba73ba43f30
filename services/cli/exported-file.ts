/** Models and policies as files: written as the controller answered, read as JSON or refused with the reason. */
import { readFile, writeFile } from 'node:fs/promises'
import { CommandFailure, EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** To `output`, or to stdout where there is none. */
export async function writeExported(
  answer: unknown,
  output: unknown,
  terminal: Terminal,
): Promise<void> {
  if (typeof output !== 'string') {
    terminal.printJson(answer)
    return
  }
  await writeFile(output, JSON.stringify(answer)).catch((cause) => {
    throw new CommandFailure(EXIT.failure, `${output} cannot be written: ${messageOf(cause)}`)
  })
  terminal.say(`written to ${output}`)
}

/** `what` it has to be, and the command that wrote it, stand in the refusal. */
export async function readExported(file: string, what: string, command: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new CommandFailure(EXIT.usage, `${file} cannot be read: ${messageOf(cause)}`)
  })
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandFailure(EXIT.usage, `${file} is no ${what}; allowed: what "${command}" wrote`)
  }
}

const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
