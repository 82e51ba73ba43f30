/** The tree of commands is put together of what was asked for; these hold that nothing is missed by that. */
import { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from './program.ts'
import { documentedProgram } from './reference.ts'

const nowhere = { write: () => {} }
const around = { stdout: nowhere, stderr: nowhere, env: {}, nowMs: () => 0 }

const namesIn = async (...argv: string[]): Promise<string[]> =>
  (await createProgram(around, () => {}, argv)).commands.map((command) => command.name())

const all = (await documentedProgram(() => {})).commands.map((command) => command.name())

describe('the tree of commands', () => {
  it('has no name twice', () => {
    expect(all.length).toBeGreaterThan(30)
    expect(new Set(all).size).toBe(all.length)
  })

  it.each(all)('has %s for who asks for it, also by help', async (name) => {
    for (const argv of [[name], ['help', name], ['--url', 'http://status', name, '--json']]) {
      const names = await namesIn(...argv)
      expect(names).toContain(name)
      if (name !== 'completion') expect(names.length).toBeLessThan(5)
    }
  })

  it.each([
    ['nothing', []],
    ['--help', ['--help']],
    ['a slip of the pen', ['statsu']],
    ['an option that no command stands before', ['--json', 'status']],
    ['a value that reads like a command', ['--key-file', 'status']],
    ['completion', ['completion', 'bash']],
  ])('is whole for %s', async (_what, argv) => {
    expect(await namesIn(...argv)).toEqual(all)
  })

  it('is not needed for the version, nor for a global option that is wrong', async () => {
    for (const argv of [['--version'], ['--timeout', '-1', 'status']])
      await expect(namesIn(...argv)).rejects.toThrow(CommanderError)
  })
})
