/** Every sample store there is. To add one: its file, a member of `store` in services/config.ts, a case here. */
import type { AppConfig } from '../config.ts'
import { openLibsqlStore } from './libsql.ts'
import type { SampleStore } from './sample-store.ts'

export function openStore(
  { store, retentionMs }: AppConfig,
  stateDir: string,
): Promise<SampleStore> {
  switch (store.kind) {
    case 'embedded':
      return openLibsqlStore({ folder: stateDir, retentionMs })
  }
}
