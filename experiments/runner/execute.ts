/** Runs the jobs of a batch, one after another. Every chance is drawn from streams named by seed and data set. */
import { seededRandom } from '../../datasets/random.ts'
import type { LibraryOptions } from '../../datasets/traces/library.ts'
import { knownTo } from '../controllers/controller.ts'
import { controllerOf } from '../controllers/registry.ts'
import { plantOf } from '../environments/plants.ts'
import { blocksOf } from '../frontier/compare-frontiers.ts'
import { simulate } from '../simulator/run.ts'
import type { Scenario } from '../simulator/scenario.ts'
import { createScrape } from '../simulator/scrape.ts'
import { summarize } from '../simulator/summary.ts'
import { courseOf, listenTo } from './course.ts'
import { type Provenance, scenarioOf } from './datasets.ts'
import type { Batch, Finished, Job, JobResult } from './jobs.ts'

const HOUR_MS = 3_600_000

/** `nowMs` tells wall-clock times, which are no results. Throws as `scenarioOf` does, and when a run does. */
export async function executeBatch(
  { jobs }: Batch,
  { library, nowMs }: { library: LibraryOptions; nowMs: () => number },
  onFinished: (finished: Finished) => void,
): Promise<void> {
  const [first] = jobs
  if (!first) return
  const { scenario, provenance } = await scenarioOf(first.plan, first.seed, library)
  for (const job of jobs) {
    const sinceMs = nowMs()
    const result = runJob(job, scenario, provenance)
    onFinished({ result, wallMs: nowMs() - sinceMs })
  }
}

function runJob(job: Job, scenario: Scenario, provenance: readonly Provenance[]): JobResult {
  const { setting, seed, plan, key, blockHours } = job
  const kind = controllerOf(setting.kind)
  // the same chance for every controller: differences are paired
  const random = (name: string) => seededRandom('experiment', seed, scenario.name, name)
  const known = knownTo(
    { seesFuture: (params) => kind.seesFuture(params) },
    setting.params,
    scenario,
  )
  const controller = kind.create(known, setting.params, random(`controller ${setting.kind}`))
  const said = listenTo(controller, scenario.services.length)
  const record = simulate(scenario, {
    plant: plantOf(plan.simulator)(scenario, { random: (name) => random(`plant ${name}`) }),
    controller,
    scrape: createScrape(scenario, random('scrape')),
    onTick: said.onTick,
  })
  const { total, services } = summarize(record, scenario)
  return {
    key,
    total,
    services,
    blocks: blocksOf(record, scenario, blockHours * HOUR_MS),
    course: courseOf(record, said),
    synthetic: scenario.synthetic,
    costBudgetPerHour: scenario.costBudgetPerHour,
    provenance,
  }
}
