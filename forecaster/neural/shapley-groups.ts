/** What a network sees, in a few groups that a person can name; each of its inputs that ever differs is in one. */
import type { FeatureGroup } from '../shapley.ts'

/** Steps of the window that count as the newest. */
const NEWEST_STEPS = 6

const GROUPS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['newest steps', new RegExp(`^load, [1-${NEWEST_STEPS}] steps ago$`)],
  ['shape of the last hours', /^load, \d+ steps ago$/],
  ['departure from a season ago', /^load against a season ago|load now against a season ago/],
  ['time of the season', /sine|cosine/],
  ['level now', /^(newest load|load now|load of the window),/],
  ['usual level', /^(load of a season|usual load),/],
  ['restlessness', /^(restlessness|usual spread),/],
  ['same time a season ago', /^short season: |^baseline, /],
  ['same time a long season ago', /^long season: /],
]

/** The same in every sample. */
const CONSTANT = /^(one|distance),/

/** By the names that `featureNames` gives; groups without inputs are left out. */
export function shapleyGroups(names: readonly string[]): FeatureGroup[] {
  const places = new Map<string, number[]>(GROUPS.map(([name]) => [name, []]))
  names.forEach((name, i) => {
    if (CONSTANT.test(name)) return
    const [group] = GROUPS.find(([, pattern]) => pattern.test(name)) ?? ['other']
    places.set(group, [...(places.get(group) ?? []), i])
  })
  return [...places]
    .filter(([, features]) => features.length > 0)
    .map(([name, features]) => ({ name, features }))
}
