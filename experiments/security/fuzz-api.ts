/**
 * `npm run fuzz:api`: Schemathesis (PyPI) against the real controller's own OpenAPI, all its checks, a fixed seed: once
 * as an admin, once as nobody. `--short` is the form for CI. Ends with 1 when anything was found. Its virtual environment
 * is made once, in the user's cache folder.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { startWhole, type Whole } from '../../services/http/test-whole.ts'

const VERSION = '4.32.5'
const SEED = '20261121'
const VENV = path.join(homedir(), '.cache', 'forescale', 'schemathesis')
const PROGRAM = path.join(VENV, 'bin', 'schemathesis')
/**
 * Streams that never end, a connection that stops to be HTTP (services/http/events.test.ts), what starts processes that
 * work for minutes (services/trainings), and a body of protobuf, which Schemathesis cannot write: they have their own tests.
 */
const STREAMS = '^(/v1/(events|ws|trainings)|/api/v1/write)$'
const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url))
const SLOWEST_S = '5'

interface Amount {
  readonly admin: string
  readonly nobody: string
}
const LONG: Amount = { admin: '80', nobody: '8' }
const SHORT: Amount = { admin: '1', nobody: '1' }

const Statuses = z.record(z.string(), z.number())

interface Finding {
  readonly who: string
  readonly requests: number
  readonly serverErrors: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly exitCode: number
}

function ensureProgram(): void {
  if (existsSync(PROGRAM)) return
  console.log(`making ${VENV} (once)`)
  execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'inherit' })
  const pip = path.join(VENV, 'bin', 'pip')
  execFileSync(pip, ['install', '--quiet', `schemathesis==${VERSION}`], { stdio: 'inherit' })
}

async function fuzz(who: string, token: string | undefined, examples: string): Promise<Finding> {
  const whole = await startWhole({
    auth: { required: true, groups: {}, sessionMinutes: 60 },
    limits: { requestsPerSecond: 1e6, failuresPerMinute: 1e6, blockSeconds: 1, connections: 2000 },
  })
  try {
    return await attack(whole, who, token === undefined ? undefined : whole.token, examples)
  } finally {
    await whole.close()
  }
}

async function attack(
  { url }: Whole,
  who: string,
  token: string | undefined,
  examples: string,
): Promise<Finding> {
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-fuzz-'))
  const report = path.join(folder, 'run.ndjson')
  const exitCode = await run([
    ...[
      ...['--config-file', CONFIG, 'run'],
      `${url}/openapi.json`,
      '--checks',
      'all',
      '--seed',
      SEED,
      '--max-examples',
      examples,
    ],
    ...[
      '--exclude-path-regex',
      STREAMS,
      '--continue-on-failure',
      '--no-color',
      '--warnings',
      'off',
    ],
    ...['--max-response-time', SLOWEST_S, '--generation-database', 'none'],
    ...['--report-ndjson-path', report, '--report', 'ndjson', '--report-dir', folder],
    ...(token === undefined ? [] : ['--header', `Authorization:Bearer ${token}`]),
  ])
  const byStatus = countStatuses(readFileSync(report, 'utf8'))
  const sum = (of: (status: string) => boolean) =>
    Object.entries(byStatus).reduce((n, [status, count]) => n + (of(status) ? count : 0), 0)
  return {
    ...{ who, exitCode, byStatus, requests: sum(() => true) },
    serverErrors: sum((status) => status.startsWith('5')),
  }
}

/** Every answer in the report, by its status. */
function countStatuses(ndjson: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [, status = ''] of ndjson.matchAll(/"status_code":\s*(\d{3})/g))
    counts[status] = (counts[status] ?? 0) + 1
  return Statuses.parse(counts)
}

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, args, { stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

async function main(): Promise<number> {
  ensureProgram()
  const amount = process.argv.includes('--short') ? SHORT : LONG
  const findings = [
    await fuzz('admin', 'its own', amount.admin),
    await fuzz('nobody', undefined, amount.nobody),
  ]
  for (const { who, requests, serverErrors, byStatus, exitCode } of findings)
    console.log(
      `${who}: ${requests} requests, ${serverErrors} answers 5xx, checks ${exitCode === 0 ? 'all passed' : 'FAILED'}; by status ${JSON.stringify(byStatus)}`,
    )
  return findings.every(({ exitCode, serverErrors }) => exitCode === 0 && serverErrors === 0)
    ? 0
    : 1
}

process.exitCode = await main()
