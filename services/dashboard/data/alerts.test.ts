import { expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { alert as example } from '../../http/examples-alerts.ts'
import { layInAlerts } from './alerts.ts'

const alert = (id: string, over: Partial<Alert> = {}): Alert => ({ ...example, id, ...over })
const ids = (alerts: readonly Alert[]) => alerts.map(({ id }) => id).join(' ')

it('puts open ones first, the gravest on top, then the newest', () => {
  const alerts = layInAlerts(
    [],
    [
      alert('over', { severity: 'critical', closedAtMs: 9, openedAtMs: 8 }),
      alert('old', { severity: 'info', openedAtMs: 1 }),
      alert('new', { severity: 'info', openedAtMs: 2 }),
      alert('grave', { severity: 'critical', openedAtMs: 0 }),
    ],
  )
  expect(ids(alerts)).toBe('grave new old over')
})

it('knows each once, and takes no older word for it', () => {
  const first = layInAlerts([], [alert('a', { updatedAtMs: 5, severity: 'critical' })])
  const late = layInAlerts(first, [alert('a', { updatedAtMs: 4, severity: 'info' })])
  expect(late.map(({ severity }) => severity)).toEqual(['critical'])
  const closed = layInAlerts(first, [alert('a', { updatedAtMs: 6, closedAtMs: 6 })])
  expect(closed.map(({ closedAtMs }) => closedAtMs)).toEqual([6])
})

it('does not forget an acknowledgement', () => {
  const seen = layInAlerts([], [alert('a', { acknowledgedAtMs: 7, acknowledgedBy: 'ann' })])
  expect(layInAlerts(seen, [alert('a', { kind: 'level-shift' })])[0]).toMatchObject({
    kind: 'level-shift',
    acknowledgedBy: 'ann',
  })
})

it('stays bounded', () => {
  const many = Array.from({ length: 300 }, (_, n) => alert(`a${n}`, { openedAtMs: n }))
  expect(layInAlerts([], many)).toHaveLength(100)
})
