/** What conditions of `--fail-on` look at, out of a report. */
import type { Arm } from './arms.ts'
import type { WhatifDocument } from './document.ts'
import type { ArmName, Facts } from './fail-on.ts'
import type { Whatif } from './whatif.ts'

export function factsOf(whatif: Whatif, { scopes, missedSlo }: WhatifDocument): Facts {
  const total = scopes[0]!
  const figures = { manifest: total.present, baseline: total.baseline, forescale: total.forescale }
  const arms: Readonly<Record<ArmName, Arm | undefined>> = {
    manifest: whatif.present,
    baseline: whatif.baseline,
    forescale: whatif.forescale,
  }
  const missed = { ...missedSlo, manifest: missedSlo.present }
  return {
    total: (arm, figure) => figures[arm]?.[figure].value,
    rise(arm, figure) {
      const from = arm === 'forescale' ? total.present : total.baseline
      const compared =
        arm === 'forescale' ? total.forescaleVersusPresent : total.presentVersusBaseline
      if (from === null || compared === null) return undefined
      const to = figures[arm]![figure].value
      return { from: from[figure].value, to, low: compared.difference[figure].low }
    },
    missing(arm, figure) {
      if (figure === 'violations') return missed[arm] ?? undefined
      const own = arms[arm]
      return own?.services.flatMap((days, i) =>
        days.some(({ shortageMinutes }) => shortageMinutes > 0)
          ? [whatif.scenario.services[i]!.name]
          : [],
      )
    },
  }
}
