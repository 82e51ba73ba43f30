/**
 * The budgeted environment that agents of several services are compared in: three services with different days, one
 * replica and price, and one budget an hour, from too little for the busy hours to more than enough. Forecasts are the
 * product's own. Synthetic load, and labelled so.
 */
import { EnvironmentConfig } from '../../environments/config.ts'
import { plantOf } from '../../environments/plants.ts'
import { type Prepared, prepare } from '../../environments/prepare.ts'
import type { Worlds } from './arms.ts'

/** $/hour: too little at the peak, just enough for it, and no limit. */
export const RATES = [0.85, 1.05, 1.6] as const
export const EPISODE_TICKS = 240
const EVERY_TICKS = 10

const SERVICES = [
  { name: 'front', workload: 'weekday' },
  { name: 'search', workload: 'recurring-peak' },
  { name: 'reports', workload: 'night-cycle' },
] as const

/** Loads and forecasts are worked out once; what differs are budgets, and whether somebody is above the services. */
export async function createWorlds(env: NodeJS.ProcessEnv): Promise<Worlds> {
  const first = configOf('multi-agent', RATES[0])
  const prepared = await prepare(first, { createPlant: plantOf(first.plant), env })
  const worldsOf = (kind: Kind): Prepared[] =>
    RATES.map((perHour) => ({ ...prepared, config: configOf(kind, perHour) }))
  return {
    flat: worldsOf('multi-agent'),
    feudal: worldsOf('hierarchical'),
    tick: { objective: 0.99, starts: 8 },
  }
}

type Kind = 'multi-agent' | 'hierarchical'

function configOf(kind: Kind, perHour: number): EnvironmentConfig {
  return EnvironmentConfig.parse({
    kind,
    actions: 'target',
    tickSeconds: 60,
    episodeTicks: EPISODE_TICKS,
    forecast: 'forecaster',
    budget: { perHour, kind: 'rate' },
    services: SERVICES.map(({ name, workload }, seed) => ({
      name,
      load: { kind: 'synthetic', workload, seed, stepSeconds: 300 },
    })),
    // under a price every service is paid for its own result alone: the price is its share in the common one
    ...(kind === 'hierarchical'
      ? { directive: 'price', everyTicks: EVERY_TICKS, sharedShare: 0 }
      : { sharedShare: 0.5 }),
  })
}
