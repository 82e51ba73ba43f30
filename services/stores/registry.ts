/** Every sample store there is. To add one: its file, a member of `StoreConfig` in config.ts, a case here. */
import type { AppConfig } from '../config.ts'
import { createInfluxClient } from './influx/client.ts'
import { type SetupStep, setUpInflux } from './influx/setup.ts'
import { openInfluxStore } from './influxdb.ts'
import { openLibsqlStore } from './libsql.ts'
import { openPrometheusStore } from './prometheus.ts'
import type { SampleStore } from './sample-store.ts'
import { readToken } from './secret.ts'

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

/** Makes in the server what the store needs of it; nothing where it needs nothing. */
export async function setUpStore({ store, retentionMs }: AppConfig): Promise<SetupStep[]> {
  if (store.kind !== 'influxdb') return []
  const { url, org } = store
  const client = createInfluxClient({ url, org, token: readToken(store), way: store })
  return setUpInflux(client, store, retentionMs)
}
