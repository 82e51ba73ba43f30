/** Which services may be written to: the modes in force, read once a tick; before anything runs, the configuration's. */
import { lowerMode, type Mode } from '../../../agents/service-spec.ts'
import type { ServiceId } from '../../../forecaster/series.ts'
import type { AppConfig } from '../../config.ts'

export interface Modes {
  of(service: ServiceId): Mode
  /** They are asked for anew. */
  forget(): void
}

export interface ModesDeps {
  readonly config: () => Pick<AppConfig, 'mode' | 'services'>
  readonly modes: () => ReadonlyMap<ServiceId, Mode> | undefined
}

export function createModes({ config, modes }: ModesDeps): Modes {
  let known: ReadonlyMap<ServiceId, Mode> | undefined
  return {
    of(service) {
      known ??= modes() ?? configuredModes(config())
      return known.get(service) ?? 'off'
    },
    forget() {
      known = undefined
    },
  }
}

function configuredModes({ mode, services }: Pick<AppConfig, 'mode' | 'services'>) {
  return new Map(
    Object.entries(services).map(([service, spec]) => [
      service,
      lowerMode(mode, spec.mode ?? 'enforce'),
    ]),
  )
}
