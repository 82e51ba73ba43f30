/**
 * Finished jobs in the output folder, a file each, named by the job's key. Written beside and renamed, so that whatever
 * kills a run leaves whole files only; the next run takes them and does the rest.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Finished, Job } from './jobs.ts'

export interface JobStore {
  get(job: Job): Finished | undefined
  put(finished: Finished): void
}

export function openJobStore(out: string): JobStore {
  const folder = path.join(out, 'jobs')
  mkdirSync(folder, { recursive: true })
  for (const half of readdirSync(folder).filter((name) => name.endsWith('.part')))
    rmSync(path.join(folder, half), { force: true })
  return {
    get({ key }) {
      try {
        return JSON.parse(readFileSync(path.join(folder, `${key}.json`), 'utf8')) as Finished
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    put(finished) {
      const file = path.join(folder, `${finished.result.key}.json`)
      writeFileSync(`${file}.${process.pid}.part`, JSON.stringify(finished))
      renameSync(`${file}.${process.pid}.part`, file)
    },
  }
}
