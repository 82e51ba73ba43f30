/** Environments for tests: small, and on the plant that can be worked out by hand. */
import type { z } from 'zod'
import { EnvironmentConfig } from './config.ts'
import { createPlainPlant } from './plain-plant.ts'
import { type Prepared, type PrepareParts, prepare } from './prepare.ts'

type Input = z.input<typeof EnvironmentConfig>

export const KINDS = ['single-service', 'multi-agent', 'hierarchical'] as const

/** Two days of known load, episodes of ten ticks. */
export function smallConfig(input: Input): EnvironmentConfig {
  return EnvironmentConfig.parse({ historyDays: 2, episodeTicks: 10, ...input })
}

export function prepareSmall(input: Input, parts: Partial<PrepareParts> = {}): Promise<Prepared> {
  return prepare(smallConfig(input), { createPlant: createPlainPlant, env: {}, ...parts })
}
