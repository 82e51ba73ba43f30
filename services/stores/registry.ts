/** Every sample store there is. To add one: its file, a member of `StoreConfig` in config.ts, a case here. */
import type { AppConfig } from '../config.ts'
import { openInfluxStore } from './influxdb.ts'
import { openLibsqlStore } from './libsql.ts'
import { openPrometheusStore } from './prometheus.ts'
import type { SampleStore } from './sample-store.ts'

export async function openStore(
  { store, retentionMs, stepMs, services }: AppConfig,
  stateDir: string,
): Promise<SampleStore> {
  switch (store.kind) {
    case 'embedded':
      return openLibsqlStore({ folder: stateDir, retentionMs })
    case 'influxdb':
      return openInfluxStore({ config: store, folder: stateDir, retentionMs })
    case 'prometheus':
      return openPrometheusStore({ config: store, services: Object.keys(services), stepMs })
  }
}
