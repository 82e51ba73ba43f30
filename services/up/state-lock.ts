/**
 * One `up` per state folder: a file with the owner's process id, made exclusively. A lock whose owner is gone is
 * taken over; on Linux the owner's start time is compared too, since process ids come back.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const Owner = z.object({ pid: z.int().positive(), startedAt: z.string().nullable() })

export class StateInUse extends Error {
  readonly pid: number

  constructor(stateDir: string, pid: number) {
    super(`the state folder ${stateDir} is in use by process ${pid}`)
    this.pid = pid
  }
}

/** Returns what releases the lock; throws StateInUse while its owner lives. */
export function lockState(stateDir: string): () => void {
  mkdirSync(stateDir, { recursive: true })
  const file = path.join(stateDir, 'up.lock')
  const own = JSON.stringify({ pid: process.pid, startedAt: startTimeOf(process.pid) })
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, own, { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (!isExisting(error) || attempt > 3) throw error
    }
    const owner = readOwner(file)
    if (owner && isAlive(owner)) throw new StateInUse(stateDir, owner.pid)
    rmSync(file, { force: true })
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}

function readOwner(file: string): z.infer<typeof Owner> | undefined {
  try {
    return Owner.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined // gone meanwhile, or torn by a crash: nobody owns it
  }
}

function isAlive({ pid, startedAt }: z.infer<typeof Owner>): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false
  }
  return startedAt === null || startTimeOf(pid) === startedAt
}

/** Field 22 of /proc/{pid}/stat (proc(5)); null where there is none. The command before it may hold anything. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
