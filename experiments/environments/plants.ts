/** The simulators that an environment can be built on, by name. */
import { createFluidPlant } from '../simulator/fluid/plant.ts'
import type { CreatePlant } from '../simulator/plant.ts'
import { createRequestPlant } from '../simulator/requests/plant.ts'
import type { EnvironmentConfig } from './config.ts'

export function plantOf(name: EnvironmentConfig['plant']): CreatePlant {
  switch (name) {
    case 'fluid':
      return createFluidPlant
    case 'requests':
      return createRequestPlant
  }
}
