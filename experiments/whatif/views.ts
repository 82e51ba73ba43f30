/** A report on a terminal. */
import { type Column, table } from '../../services/cli/format.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import type { Scope, Setting, WhatifDocument } from './document.ts'
import {
  assumptionLines,
  budgetLines,
  DEAD_BAND_REMEDY,
  deadBandLines,
  digits,
  type FigureRow,
  rowsOf,
  savingLines,
  sloLine,
  spanOf,
} from './wording.ts'

export function showDocument(document: WhatifDocument, terminal: Terminal): void {
  const { print, paint } = terminal
  const title = (text: string) => print(`\n${paint('bold', text)}`)
  print(spanOf(document))
  for (const warning of document.warnings) print(paint('yellow', `caution: ${warning}`))
  for (const scope of document.scopes) {
    title(scope.service ?? nameOfAll(document))
    for (const line of table(columnsOf(scope), rowsOf(scope))) print(line)
    for (const line of savingLines(scope)) print(line)
  }
  print()
  print(sloLine(document))
  showFrontier(document, title, print)
  title('Dead band of the HPA')
  for (const line of [...deadBandLines(document), DEAD_BAND_REMEDY]) print(line)
  title('Assumed')
  for (const line of assumptionLines(document)) print(line)
  if (document.verdicts.length > 0) title('Conditions')
  for (const { condition, isMet, why } of document.verdicts)
    print(`${isMet ? paint('red', 'FAILS') : paint('green', 'ok')}  ${condition} (${why})`)
}

const nameOfAll = ({ assumptions }: WhatifDocument): string =>
  assumptions.length === 1 ? assumptions[0]!.service : 'all services'

function columnsOf({ baseline }: Scope): Column<FigureRow>[] {
  return [
    { title: '', text: ({ title }) => title },
    ...(baseline
      ? [{ title: 'BASELINE', right: true, text: ({ before }: FigureRow) => before ?? '' }]
      : []),
    {
      title: baseline ? 'EDITED RULE' : 'PRESENT RULE',
      right: true,
      text: ({ present }) => present,
    },
    ...(baseline
      ? [{ title: 'THE EDIT', right: true, text: ({ edit }: FigureRow) => edit ?? '' }]
      : []),
    { title: 'FORESCALE', right: true, text: ({ forescale }) => forescale },
    { title: 'DIFFERENCE', right: true, text: ({ difference }) => difference },
  ]
}

function showFrontier(
  document: WhatifDocument,
  title: (text: string) => void,
  print: Terminal['print'],
): void {
  const { frontier, budget } = document
  if (frontier === null || budget === null) return
  title('Cost and violations of each setting')
  const rows: (Setting & { readonly who: string })[] = [
    { ...frontier.present, label: 'as it is', who: 'present rule', onFront: false },
    ...frontier.tuned.map((one) => ({ ...one, who: 'present rule' })),
    ...frontier.forescale.map((one) => ({
      ...one,
      label: one.label === 'forescale' ? 'objective of each service' : one.label,
      who: 'Forescale',
    })),
  ]
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'WHO', text: ({ who }) => who },
    { title: 'SETTING', text: ({ label }) => label },
    { title: '$/H', right: true, text: ({ cost }) => digits(cost) },
    {
      title: 'OUTSIDE SLO',
      right: true,
      text: ({ violationRatio }) => `${digits(100 * violationRatio)} %`,
    },
    { title: 'BEST OF ITS KIND', text: ({ onFront }) => (onFront ? 'yes' : '') },
  ]
  for (const line of table(columns, rows)) print(line)
  title('Budget')
  for (const line of budgetLines(document)) print(line)
}
