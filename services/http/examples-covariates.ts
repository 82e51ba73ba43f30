/** The events shown in the documentation, of the same instant as the other examples. */
import { type CovariateEvent, eventId } from '../covariates/event.ts'

/** 2026-11-27T08:00:00Z */
const FROM_MS = 1_795_766_400_000
const HOUR_MS = 3_600_000

const campaign = {
  name: 'campaign',
  service: 'search',
  fromMs: FROM_MS,
  toMs: FROM_MS + 3 * HOUR_MS,
  value: 1,
  beforeMs: 0,
  afterMs: HOUR_MS,
}

export const event: CovariateEvent = {
  id: eventId(campaign),
  ...campaign,
  source: 'calendar',
}

export const eventRequest = {
  name: 'campaign',
  service: 'search',
  from: '2026-11-27T08:00:00Z',
  to: '2026-11-27T11:00:00Z',
  afterMs: HOUR_MS,
}
