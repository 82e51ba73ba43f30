/** The help of every command as docs/cli.md shows it; `node services/cli/write-docs.ts` writes it there. */
import type { Command } from 'commander'
import { createProgram } from './program.ts'

export const REFERENCE_START = '<!-- help: made by services/cli/write-docs.ts -->'
export const REFERENCE_END = '<!-- help end -->'

/** Every command of the tree, parents before children. */
export function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)]
}

/** The program as nobody's terminal and environment see it. */
export function documentedProgram(write: (text: string) => void): Promise<Command> {
  const nowhere = { write }
  return createProgram({ stdout: nowhere, stderr: nowhere, env: {}, nowMs: () => 0 }, () => {})
}

export function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => {
      text += part
    },
  })
  command.outputHelp()
  return text.trimEnd()
}

export async function withHelp(page: string): Promise<string> {
  const start = page.indexOf(REFERENCE_START)
  const end = page.indexOf(REFERENCE_END)
  if (start < 0 || end < start) return page
  const sections = commandsOf(await documentedProgram(() => {})).map((command) => {
    const name = [...ancestorsOf(command), command.name()].join(' ')
    return `### ${name}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``
  })
  return `${page.slice(0, start)}${REFERENCE_START}\n\n${sections.join('\n\n')}\n\n${page.slice(end)}`
}

function ancestorsOf(command: Command): string[] {
  return command.parent === null ? [] : [...ancestorsOf(command.parent), command.parent.name()]
}
