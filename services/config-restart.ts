/**
 * Which settings a reload does not change, because they are taken once, when the controller starts: what it listens on,
 * what it keeps its state in, what it connects to. All others hold from the reload on.
 */
import type { AppConfig } from './config.ts'
import { canonicalJson } from './config-file.ts'

/** Settings, and sections with all that is in them. */
export const AT_START: readonly string[] = [
  ...['clock', 'stateDir', 'tickMs', 'store', 'ledger', 'leader', 'actuator'],
  ...['host', 'port', 'allowedHosts', 'corsOrigins', 'trustedProxies', 'limits', 'tls'].map(
    (key) => `http.${key}`,
  ),
  ...['redis', 'redisEnv', 'prefix', 'lockMs', 'mostStalls'].map((key) => `jobs.${key}`),
  ...['kubeconfig', 'context', 'metricsApi', 'scaler', 'settings'].map(
    (key) => `kubernetes.${key}`,
  ),
  'events.kafkaIngest',
]

/** Whether a reload leaves the setting at `path` as it is. */
export const isTakenAtStart = (path: string): boolean =>
  AT_START.some((taken) => path === taken || path.startsWith(`${taken}.`))

/** Paths of the settings in which two configurations differ, in order; a list is one setting. */
export function changedSettings(before: AppConfig, after: AppConfig): string[] {
  return differences(before, after, '').sort()
}

/** Those of them that a controller which started with `started` will have only after a restart. */
export const needRestart = (started: AppConfig, next: AppConfig): string[] =>
  changedSettings(started, next).filter(isTakenAtStart)

function differences(before: unknown, after: unknown, at: string): string[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) =>
      differences(before[key], after[key], at === '' ? key : `${at}.${key}`),
    )
  }
  return canonicalJson(before) === canonicalJson(after) ? [] : [at]
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
