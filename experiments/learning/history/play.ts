/** Services under Forescale's loop on the fluid simulator, each with its own candidate: what every stretch of time cost and lost. */
import { seededRandom } from '../../../datasets/random.ts'
import type { Controller } from '../../controllers/controller.ts'
import { createLoop } from '../../controllers/forescale/loop.ts'
import type { Tapes } from '../../controllers/forescale/models.ts'
import { ForescaleParams } from '../../controllers/forescale/params.ts'
import { type Block, blocksOf } from '../../frontier/compare-frontiers.ts'
import { createFluidPlant } from '../../simulator/fluid/plant.ts'
import { simulate } from '../../simulator/run.ts'
import { type Scenario, ticksOf } from '../../simulator/scenario.ts'
import { createScrape, type ScrapeOf } from '../../simulator/scrape.ts'
import { type Candidate, tunedActor } from './candidate.ts'

/** Loads are the same to the bit for every run when told apart no further than this. */
const SAME_LOAD = 1e-9

export type ForecastSettings = Pick<ForescaleParams, 'models' | 'refitMs'>

export interface PlayInput {
  readonly scenario: Scenario
  readonly seed: number
  /** Stretches of time that figures are summed over. */
  readonly blocks: number
}

export interface Played {
  /** `services[i][b]`: service i in block b. */
  readonly services: readonly (readonly Block[])[]
  /** Share of the ticks at which somebody was granted less than wanted for want of money. */
  readonly shortShare: number
}

/** `chosen[i]` acts for service i. */
export function play(
  input: PlayInput,
  chosen: readonly Candidate[],
  { tapes, forecast }: { readonly tapes: Tapes; readonly forecast: ForecastSettings },
): Played {
  const { scenario } = input
  const { services, ...rest } = scenario
  const known = { ...rest, services: services.map(({ load: _, ...service }) => service) }
  const byName = new Map(services.map(({ name }, i) => [name, chosen[i]!]))
  const loop = createLoop(known, ForescaleParams.parse({ policy: 'learned', ...forecast }), {
    tapes,
    actor: tunedActor((service) => byName.get(service)?.tuning),
    own: (service) => ownOf(byName.get(service)!),
  })
  let short = 0
  const played = playWith(input, {
    decide(nowMs, scraped) {
      const { grants, shadowPrice } = loop.decide(loop.observe(nowMs, scraped))
      if (shadowPrice > 0) short++
      return grants.map(({ to }) => to)
    },
  })
  return { services: played, shortShare: short / ticksOf(scenario) }
}

const ownOf = (candidate: Candidate) => {
  const { policy, objective, targetUtilization, stabilizationSeconds = 0 } = candidate
  return { policy, objective, targetUtilization, stabilizationSeconds }
}

/** Blocks of each service under any controller. */
export function playWith(
  { scenario, seed, blocks }: PlayInput,
  controller: Controller,
): (readonly Block[])[] {
  // the same chance for whoever decides: differences are paired
  const random = (name: string) => seededRandom('history', seed, scenario.name, name)
  const record = simulate(scenario, {
    plant: createFluidPlant(scenario, { random: (name) => random(`plant ${name}`) }),
    controller,
    scrape: exactly(scenario, createScrape(scenario, random('scrape'))),
  })
  const blockMs = Math.ceil(ticksOf(scenario) / blocks) * scenario.tickMs
  return scenario.services.map((service, i) =>
    blocksOf(
      { ...record, services: [service.name], columns: [record.columns[i]!] },
      { services: [service] },
      blockMs,
    ),
  )
}

/**
 * Sums over an interval are rounded by when replicas started within it; the load was the same. With it said to the bit
 * all runs read one tape of forecasts.
 */
function exactly({ services, startMs, stepMs }: Scenario, scrape: ScrapeOf): ScrapeOf {
  return (atMs, measured, replicas) =>
    scrape(atMs, measured, replicas).map((scraped, i) => {
      const step = Math.ceil((scraped.measuredAtMs - startMs) / stepMs) - 1
      const load = services[i]!.load[step]
      if (load === undefined || Math.abs(scraped.loadRps - load) > SAME_LOAD * load) return scraped
      return { ...scraped, loadRps: load }
    })
}
