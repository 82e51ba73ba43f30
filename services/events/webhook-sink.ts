/** Events by HTTP POST, several in one JSON batch (CloudEvents HTTP binding, batched mode), signed by Standard Webhooks. */
import { hash } from 'node:crypto'
import { signedHeaders } from '../alerts/signature.ts'
import type { SinkConfigOf } from './config.ts'
import { BATCH_TYPE, type EventSink } from './sink.ts'

export function createWebhookSink(
  { url }: SinkConfigOf<'webhook'>,
  secret: string | undefined,
): EventSink {
  return {
    async publish(events, signal) {
      const body = `[${events.map(({ json }) => json).join(',')}]`
      const id = hash('sha256', events.map((event) => event.id).join(), 'hex').slice(0, 32)
      const headers = {
        ...signedHeaders(id, body, secret, Date.now()),
        'content-type': BATCH_TYPE,
      }
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal,
        redirect: 'error',
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
    },
    close: async () => {},
  }
}
