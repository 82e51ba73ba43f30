/** Events by HTTP POST, several in one JSON batch (CloudEvents HTTP binding, batched mode), signed by Standard Webhooks. */
import { hash } from 'node:crypto'
import { createGuardedFetch } from '../../datasets/outbound/guarded-fetch.ts'
import { rulesOf } from '../../datasets/outbound/rules.ts'
import { signedHeaders } from '../alerts/signature.ts'
import type { SinkConfigOf } from './config.ts'
import { BATCH_TYPE, type EventSink } from './sink.ts'

/** Goes to the configured address alone, whatever its name resolves to later, and follows no redirect. */
export function createWebhookSink(
  { url }: SinkConfigOf<'webhook'>,
  secret: string | undefined,
): EventSink {
  const guarded = createGuardedFetch({ allow: rulesOf([url]), mostRedirects: 0 })
  return {
    async publish(events, signal) {
      const body = `[${events.map(({ json }) => json).join(',')}]`
      const id = hash('sha256', events.map((event) => event.id).join(), 'hex').slice(0, 32)
      const headers = {
        ...signedHeaders(id, body, secret, Date.now()),
        'content-type': BATCH_TYPE,
      }
      const { status } = await guarded(url, { method: 'POST', headers, body, signal })
      if (status < 200 || status > 299) throw new Error(`HTTP ${status}`)
    },
    close: () => guarded.close(),
  }
}
