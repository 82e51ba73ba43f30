/**
 * The output folder. All files but timing.json are the same bytes on every run and any number of workers: nothing in
 * them knows a clock, a machine's name or a path.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { controllerOf } from '../controllers/registry.ts'
import type { Experiment } from './config-file.ts'
import type { Course } from './course.ts'
import { reportHtml } from './report.ts'
import { type Courses, type Results, resultsOf, toJson } from './results.ts'
import type { Ran } from './run.ts'
import { csvOf, parquetOf, tablesOf } from './tables.ts'
import { eventFile, type Scalars } from './tensorboard.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Timings are of the runs, not of this call: those reused keep theirs. */
export async function writeOutput(out: string, experiment: Experiment, ran: Ran): Promise<Results> {
  const { results, courses } = resultsOf(experiment, ran.done, provenanceOf(experiment, ran))
  const write = (name: string, content: string | Uint8Array) => {
    const file = path.join(out, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
  write('results.json', toJson(results))
  for (const table of tablesOf(results.runs)) {
    write(`${table.name}.csv`, csvOf(table))
    write(`${table.name}.parquet`, await parquetOf(table))
  }
  write('report.html', reportHtml(results, courses))
  rmSync(path.join(out, 'tensorboard'), { recursive: true, force: true })
  for (const [name, bytes] of boards(courses)) write(path.join('tensorboard', name), bytes)
  const seconds = Object.values(ran.wallMs).reduce((sum, ms) => sum + ms, 0) / 1000
  write(
    'timing.json',
    `${JSON.stringify({ seconds, reused: ran.reused, wallMs: ran.wallMs }, null, 1)}\n`,
  )
  return results
}

function provenanceOf({ arms }: Experiment, { code, done }: Ran): Results['provenance'] {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')))
  const kinds = [...new Set(arms.map(({ kind }) => kind))]
  return {
    forescale: version,
    node: process.versions.node,
    revision: revision(),
    code,
    simulator: [...new Set(done.map(([{ plan }]) => plan.simulator))].join(', '),
    ...Object.fromEntries(kinds.map((kind) => [`controller ${kind}`, controllerOf(kind).source])),
  }
}

let found: string | null | undefined

/** Null outside a checkout; `code` tells the code itself. A process keeps the one it began with. */
function revision(): string | null {
  found ??= askRevision()
  return found
}

function askRevision(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/** A run each in TensorBoard: data set and controller; interval by interval of the best setting. */
function* boards(courses: Courses): Generator<[string, Uint8Array]> {
  for (const [dataset, arms] of Object.entries(courses))
    for (const [arm, course] of Object.entries(arms)) {
      const file = path.join(dataset.replaceAll('/', '.'), arm, 'events.out.tfevents.0.forescale')
      yield [file, eventFile(scalarsOf(course))]
    }
}

function scalarsOf({ startMs, stepMs, services, ...course }: Course): Scalars[] {
  return course.costPerHour.map((cost, k) => ({
    step: k,
    atMs: startMs + k * stepMs,
    values: {
      'cost per hour': cost,
      'violation ratio': course.violationRatio[k]!,
      ...(course.shadowPrice ? { 'shadow price': course.shadowPrice[k]! } : {}),
      ...Object.fromEntries(
        services.flatMap(({ service, load, ready }) => [
          [`load/${service}`, load[k]!],
          [`replicas/${service}`, ready[k]!],
        ]),
      ),
    },
  }))
}
