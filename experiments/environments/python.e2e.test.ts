/**
 * The real judges: Gymnasium's and PettingZoo's own checks, on our environments, from Python. They are installed when they
 * are not there (python/install.sh); without a Python or a way to PyPI these tests fail, they are never skipped.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const HERE = path.join(import.meta.dirname, 'python')
const INSTALL_MS = 300_000

let python = ''
beforeAll(async () => {
  const { stdout } = await run('sh', [path.join(HERE, 'install.sh')], { timeout: INSTALL_MS })
  python = stdout.trim()
}, INSTALL_MS + 5000)

/** With this Node and no traces of bytecode in the repository. */
function runPython(args: readonly string[]): Promise<{ stdout: string }> {
  return run(python, ['-B', ...args], {
    cwd: HERE,
    timeout: 170_000,
    env: { ...process.env, FORESCALE_NODE: process.execPath },
  })
}

describe('from Python', () => {
  it("Gymnasium's check_env and PettingZoo's tests find nothing, and our vector is Gymnasium's", async () => {
    const { stdout } = await runPython(['check.py'])
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
    const [versions, ...checks] = lines.map((line) => JSON.parse(line))
    expect(versions).toEqual({ gymnasium: expect.any(String), pettingzoo: expect.any(String) })
    const counts: Record<string, number> = {}
    for (const { check } of checks) counts[check] = (counts[check] ?? 0) + 1
    expect(counts).toEqual({
      check_env: 6,
      'parallel_api_test, parallel_seed_test': 5,
      'SyncVectorEnv agrees': 1,
      'a vector of several agents is as many single ones': 1,
      'refusals name their field': 1,
    })
  })

  it('the examples of the README run as they stand', async () => {
    const readme = await readFile(path.join(import.meta.dirname, 'README.md'), 'utf8')
    const examples = [...readme.matchAll(/```python\n([\s\S]*?)```/g)].map(([, code]) => code!)
    expect(examples.length).toBeGreaterThan(0)
    for (const code of examples) {
      const { stdout } = await runPython(['-W', 'error', '-c', code])
      expect(stdout.trim(), code).not.toBe('')
    }
  })
})
