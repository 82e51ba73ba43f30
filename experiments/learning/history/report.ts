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
import type { FrontierPoint } from '../../frontier/frontier.ts'
import type { ArmName, GroupResult, JudgedSetting } from './arms.ts'
import type { HistoryConfig } from './config.ts'
import { type Selected, selectOnline } from './select.ts'

/** Settings that violate more are no service. */
const MOST_VIOLATION = 0.1
/** Pairs are shown where the analytic policy has the usual objective. */
const SHOWN_OBJECTIVE = 0.99

export type Verdict = 'better' | 'at' | 'worse' | 'no service'

export interface Row {
  readonly group: string
  readonly budgetShare: number
  /** A trace, or all of the group's together. */
  readonly of: string
  readonly arm: ArmName
  /** Of the arm's cost ÷ the analytic policy's at equal violations, over those that both reach. */
  readonly comparison: FrontierComparison
  readonly verdict: Verdict
  /** At `SHOWN_OBJECTIVE`; undefined where no setting has it. */
  readonly own: FrontierPoint | undefined
  readonly analytic: FrontierPoint | undefined
  /** Settings at which a tuning acted. */
  readonly tunedShare: number
}

interface Reported extends Omit<GroupResult, 'arms'> {
  readonly arms: Readonly<Record<ArmName, readonly JudgedSetting[]>>
}

/** Where a tuning acted: what the selection made of it. */
interface Selection extends Selected {
  readonly group: string
}

/** `selected[k][i]`: of setting k, service i; undefined where no tuning acted. */
function selectionsOf(
  { group, services, carryingCosts, arms }: GroupResult,
  { seed }: HistoryConfig,
): (Selection | undefined)[][] {
  return arms['hierarchical-sure'].map((setting, k) =>
    services.map((service, i) => {
      const analytic = arms.analytic[k]!
      if (!isTuned(setting.chosen?.[i])) return undefined
      const { objective } = analytic.chosen![i]!
      return {
        group,
        ...selectOnline({
          ...{ tuned: setting.services[i]!, analytic: analytic.services[i]!, objective },
          carryingCost: carryingCosts[i]!,
          random: seededRandom('history selection', seed, group, service, k),
        }),
      }
    }),
  )
}

function withSelected(result: GroupResult, selections: (Selection | undefined)[][]): Reported {
  const selected = result.arms['hierarchical-sure'].map((setting, k) => ({
    ...setting,
    services: setting.services.map((own, i) => selections[k]![i]?.blocks ?? own),
  }))
  const { oracle, ...arms } = result.arms
  return { ...result, arms: { ...arms, selected, oracle } }
}

function rowsOf(result: Reported, config: HistoryConfig): Row[] {
  const { group, budgetShare, services, arms } = result
  const compared = (Object.keys(arms) as ArmName[]).filter((arm) => arm !== 'analytic')
  return compared.flatMap((arm) => [
    rowOf(result, config, { arm, of: `all of ${group} at ${budgetShare}`, blocksOf: together }),
    ...services.map((of, i) =>
      rowOf(result, config, {
        arm,
        of: `${of} at ${budgetShare}`,
        blocksOf: (setting) => setting.services[i]!,
        i,
      }),
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

function rowOf(
  { group, budgetShare, arms }: Reported,
  config: HistoryConfig,
  input: RowInput,
): Row {
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
  const shown = arms.analytic.findIndex(({ chosen }) => {
    const { policy, objective, targetUtilization } = chosen![0]!
    return policy === 'predictive' && targetUtilization === 1 && objective === SHOWN_OBJECTIVE
  })
  const pointAt = (name: ArmName): FrontierPoint | undefined => {
    const setting = arms[name][shown]
    return setting && pointOf(blocksOf(setting))
  }
  const tuned = arms[arm].map(({ chosen = [] }) =>
    i === undefined ? chosen.some(isTuned) : isTuned(chosen[i]),
  )
  return {
    ...{ group, budgetShare, of, arm, comparison },
    verdict: verdictOf(comparison.meanCostRatio),
    own: pointAt(arm),
    analytic: pointAt('analytic'),
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
const pair = (point: FrontierPoint | undefined): string =>
  point ? `${point.cost.toFixed(3)} $/h, ${(100 * point.violationRatio).toPrecision(2)} %` : '–'

/** Markdown: of each arm the verdicts, then every row of the arms named. */
export function reportOf(
  results: readonly GroupResult[],
  config: HistoryConfig,
  shown: readonly ArmName[],
): string {
  const all = results.map((result) => selectionsOf(result, config))
  const rows = results.flatMap((result, g) => rowsOf(withSelected(result, all[g]!), config))
  const made = selectionLines(results, all)
  return [
    ...verdictLines(rows),
    '',
    ...made,
    '',
    ...shown.flatMap((arm) => [...armLines(rows, arm), '']),
  ].join('\n')
}

function verdictLines(rows: readonly Row[]): string[] {
  const arms = [...new Set(rows.map(({ arm }) => arm))].filter((arm) => arm !== 'oracle')
  const shares = [...new Set(rows.map(({ budgetShare }) => budgetShare))].sort((a, b) => b - a)
  const count = (of: Pick<Row, 'arm' | 'budgetShare'>, isGroup: boolean) => {
    const own = rows
      .filter((row) => row.arm === of.arm && row.budgetShare === of.budgetShare)
      .filter((row) => row.of.startsWith('all of ') === isGroup)
    return (['better', 'at', 'worse', 'no service'] as const)
      .map((verdict) => own.filter((row) => row.verdict === verdict).length)
      .join(' / ')
  }
  const cells = 'better / at / worse / no service'
  return [
    `| arm | budget | groups: ${cells} | traces: ${cells} |`,
    '| --- | --- | --- | --- |',
    ...arms.flatMap((arm) =>
      shares.map((budgetShare) => {
        const of = { arm, budgetShare }
        return `| ${arm} | ${budgetShare} | ${count(of, true)} | ${count(of, false)} |`
      }),
    ),
  ]
}

function armLines(rows: readonly Row[], arm: ArmName): string[] {
  return [
    `### ${arm}`,
    '',
    `| of, at the budget | verdict | cost beside the analytic policy’s at equal violations | analytic at objective ${SHOWN_OBJECTIVE} | ${arm} in its place | tuned at |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows
      .filter((row) => row.arm === arm)
      .map(({ of, verdict, comparison, own, analytic, tunedShare }) => {
        const ratio = estimate(comparison.meanCostRatio)
        return `| ${of} | ${verdict} | ${ratio} | ${pair(analytic)} | ${pair(own)} | ${(100 * tunedShare).toFixed(0)} % |`
      }),
  ]
}

/** How the selection behaved: what the guard let act, whether the future agreed, and who acted at its end. */
function selectionLines(
  results: readonly GroupResult[],
  all: readonly (Selection | undefined)[][][],
): string[] {
  const lines = results.map(({ group, budgetShare, services, arms }, g) => {
    const own = all[g]!.flat().filter((one) => one !== undefined)
    const right = own.filter(({ tunedLoss, analyticLoss }) => tunedLoss <= analyticLoss)
    const wrong = own.filter(({ tunedLoss, analyticLoss }) => tunedLoss > analyticLoss)
    const kept = right.filter(({ endsTuned }) => endsTuned).length
    const left = wrong.filter(({ endsTuned }) => !endsTuned).length
    const short = arms.analytic.map(({ shortShare = 0 }) => shortShare)
    const bound = `${(100 * Math.min(...short)).toFixed(0)} to ${(100 * Math.max(...short)).toFixed(0)} %`
    const places = services.length * arms.analytic.length
    return `| ${group} at ${budgetShare} | ${bound} | ${own.length} of ${places} | ${right.length} | ${kept} | ${wrong.length} | ${left} |`
  })
  return [
    '| group | ticks short of money under the analytic policy, by setting | places where the guard let a tuning act | the future agreed | kept to the end | it did not | left by the end |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ]
}
