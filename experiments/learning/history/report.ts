/** What the arms came to beside the analytic policy: of a group all services together, and each trace by itself. */
import { seededRandom } from '../../../datasets/random.ts'
import {
  type Block,
  compareFrontiers,
  type Estimate,
  type FrontierComparison,
  pointOf,
  type Setting,
} from '../../frontier/compare-frontiers.ts'
import { costAt, type FrontierPoint } from '../../frontier/frontier.ts'
import type { ArmName, GroupResult, JudgedSetting } from './arms.ts'
import type { HistoryConfig } from './config.ts'

/** Settings that violate more are no service. */
const MOST_VIOLATION = 0.1
/** Costs are shown at these shares of violating requests. */
export const SHOWN = [0.001, 0.01] as const

export type Verdict = 'better' | 'at' | 'worse' | 'no service'

export interface Row {
  readonly group: string
  /** A trace, or all of the group's together. */
  readonly of: string
  readonly arm: ArmName
  /** Of the arm's cost ÷ the analytic policy's at equal violations, over those that both reach. */
  readonly comparison: FrontierComparison
  readonly verdict: Verdict
  /** Least cost at `SHOWN`, $/h: the arm's, the analytic policy's, the oracle's; Infinity: never. */
  readonly costs: readonly {
    readonly own: number
    readonly analytic: number
    readonly oracle: number
  }[]
  /** Settings at which a tuning acted. */
  readonly tunedShare: number
}

export function rowsOf(result: GroupResult, config: HistoryConfig): Row[] {
  const { group, services, arms } = result
  const compared = (Object.keys(arms) as ArmName[]).filter((arm) => arm !== 'analytic')
  return compared.flatMap((arm) => [
    rowOf(result, config, { arm, of: `all of ${group}`, blocksOf: together }),
    ...services.map((of, i) =>
      rowOf(result, config, { arm, of, blocksOf: (setting) => setting.services[i]!, i }),
    ),
  ])
}

interface RowInput {
  readonly arm: ArmName
  readonly of: string
  readonly blocksOf: (setting: JudgedSetting) => readonly Block[]
  /** Of one service. */
  readonly i?: number
}

function rowOf({ group, arms }: GroupResult, config: HistoryConfig, input: RowInput): Row {
  const { arm, of, blocksOf, i } = input
  const settingsOf = (name: ArmName): Setting[] =>
    arms[name].map((setting, k) => ({ label: `${name} ${k}`, blocks: blocksOf(setting) }))
  const { draws, level, seed } = config
  const comparison = compareFrontiers(
    settingsOf(arm),
    settingsOf('analytic'),
    seededRandom('history report', seed, group, of, arm),
    { draws, level, mostViolation: MOST_VIOLATION },
  )
  const pointsOf = (name: ArmName): FrontierPoint[] =>
    settingsOf(name).map(({ blocks }) => pointOf(blocks))
  const [own, analytic, oracle] = [pointsOf(arm), pointsOf('analytic'), pointsOf('oracle')]
  const tuned = arms[arm].map(({ chosen = [] }) =>
    i === undefined ? chosen.some(isTuned) : isTuned(chosen[i]),
  )
  return {
    ...{ group, of, arm, comparison },
    verdict: verdictOf(comparison.meanCostRatio),
    costs: SHOWN.map((violation) => ({
      own: costAt(own, violation),
      analytic: costAt(analytic, violation),
      oracle: costAt(oracle, violation),
    })),
    tunedShare: tuned.filter(Boolean).length / Math.max(1, tuned.length),
  }
}

const isTuned = (candidate: { readonly tuning?: unknown } | undefined): boolean =>
  candidate?.tuning !== undefined

/** Better or worse where the interval says so. */
function verdictOf({ value, low, high }: Estimate): Verdict {
  if (Number.isNaN(value)) return 'no service'
  if (high < 1) return 'better'
  return low > 1 ? 'worse' : 'at'
}

/** All services of a group, block by block. */
function together({ services }: JudgedSetting): Block[] {
  return services[0]!.map(({ hours }, b) => {
    const sum = (field: 'requests' | 'violations' | 'cost') =>
      services.reduce((all, own) => all + own[b]![field], 0)
    return { hours, requests: sum('requests'), violations: sum('violations'), cost: sum('cost') }
  })
}

const percent = (ratio: number): string => {
  if (Number.isNaN(ratio)) return '–'
  if (!Number.isFinite(ratio)) return 'never'
  const change = 100 * (ratio - 1)
  return `${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(1)} %`
}
const estimate = ({ value, low, high }: Estimate): string =>
  `${percent(value)} [${percent(low)}, ${percent(high)}]`
const dollars = (cost: number): string => (Number.isFinite(cost) ? cost.toFixed(3) : 'never')

/** Markdown: of each arm the verdicts, then every row of the arms named. */
export function reportOf(
  results: readonly GroupResult[],
  config: HistoryConfig,
  shown: readonly ArmName[],
): string {
  const rows = results.flatMap((result) => rowsOf(result, config))
  return [...verdictLines(rows), '', ...shown.flatMap((arm) => [...armLines(rows, arm), ''])].join(
    '\n',
  )
}

function verdictLines(rows: readonly Row[]): string[] {
  const arms = [...new Set(rows.map(({ arm }) => arm))].filter((arm) => arm !== 'oracle')
  const count = (arm: ArmName, isGroup: boolean) => {
    const own = rows.filter((row) => row.arm === arm && row.of.startsWith('all of ') === isGroup)
    const of = (verdict: Verdict) => own.filter((row) => row.verdict === verdict).length
    return `${of('better')} / ${of('at')} / ${of('worse')}${of('no service') ? ` (${of('no service')} no service)` : ''}`
  }
  return [
    '| arm | groups: better / at / worse | traces: better / at / worse |',
    '| --- | --- | --- |',
    ...arms.map((arm) => `| ${arm} | ${count(arm, true)} | ${count(arm, false)} |`),
  ]
}

function armLines(rows: readonly Row[], arm: ArmName): string[] {
  const at = SHOWN.map((violation) => `$/h at ≤ ${100 * violation} %: own, analytic, oracle`)
  return [
    `### ${arm}`,
    '',
    `| of | verdict | cost beside the analytic policy’s at equal violations | at ≤ 0.1 % | ${at.join(' | ')} | tuned at |`,
    `| --- | --- | --- | --- |${at.map(() => ' --- |').join('')} --- |`,
    ...rows
      .filter((row) => row.arm === arm)
      .map(({ of, verdict, comparison, costs, tunedShare }) => {
        const cells = costs.map((c) => [c.own, c.analytic, c.oracle].map(dollars).join(' '))
        const { meanCostRatio, costRatio } = comparison
        return `| ${of} | ${verdict} | ${estimate(meanCostRatio)} | ${estimate(costRatio)} | ${cells.join(' | ')} | ${(100 * tunedShare).toFixed(0)} % |`
      }),
  ]
}
