/** Every sample store there is. To add one: its file, a member of `StoreConfig` in config.ts, a case here, which loads it. */
import type { AppConfig } from '../config.ts'
import type { SetupStep } from './influx/setup.ts'
import type { SampleStore } from './sample-store.ts'
import { readToken } from './secret.ts'

export async function openStore(
  { store, retentionMs, stepMs, services }: AppConfig,
  stateDir: string,
): Promise<SampleStore> {
  switch (store.kind) {
    case 'embedded': {
      const { openLibsqlStore } = await import('./libsql.ts')
      return openLibsqlStore({ folder: stateDir, retentionMs, maxBytes: store.maxBytes })
    }
    case 'influxdb': {
      const { openInfluxStore } = await import('./influxdb.ts')
      return openInfluxStore({ config: store, folder: stateDir, retentionMs })
    }
    case 'prometheus': {
      const { openPrometheusStore } = await import('./prometheus.ts')
      return openPrometheusStore({ config: store, services: Object.keys(services), stepMs })
    }
  }
}

/** Makes in the server what the store needs of it; nothing where it needs nothing. */
export async function setUpStore({ store, retentionMs }: AppConfig): Promise<SetupStep[]> {
  if (store.kind !== 'influxdb') return []
  const { createInfluxClient } = await import('./influx/client.ts')
  const { setUpInflux } = await import('./influx/setup.ts')
  const { url, org } = store
  const client = createInfluxClient({ url, org, token: readToken(store), way: store })
  return setUpInflux(client, store, retentionMs)
}
