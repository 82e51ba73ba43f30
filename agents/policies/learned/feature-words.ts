/** What a learned policy can see, in words. */
import type { FeatureName } from './features.ts'

export const FEATURE_WORDS: Readonly<Record<FeatureName, string>> = {
  size: 'how many replicas the demand fills',
  pressure: 'the load beside what is ready',
  trend: 'where the load is going',
  doubt: 'how unsure the forecast is upwards',
  tail: 'how far up it could be',
  depth: 'how unsure it is downwards',
  reach: 'the most it could be beside what was asked for',
  starting: 'replicas that are starting',
  terminating: 'replicas that are leaving',
  knee: 'how suddenly a replica saturates',
  nines: 'how strict the objective is',
  lead: 'how long a start takes',
  headroom: 'what the declared target keeps free',
  drifting: 'a load that left its forecast',
  late: 'measurements that are late',
}
