/** One scrape being written: a series goes in only when its value may be shown, so dropped means dropped. */
import { Counter, Gauge, Registry } from 'prom-client'

/** One scrape's registry: adds a series only when its value may be shown. */
export class Scrape {
  readonly registry = new Registry()

  /** A gauge whose values are finite and not negative; others are left out, and an empty gauge with them. */
  gauge(name: string, help: string, rows: readonly Row[]): void {
    this.#gauge(
      name,
      help,
      rows.filter((row) => isShowable(row.value)),
    )
  }

  /** A gauge of differences: below 0 is a value like any other. */
  difference(name: string, help: string, rows: readonly Row[]): void {
    this.#gauge(
      name,
      help,
      rows.filter(({ value }) => Number.isFinite(value)),
    )
  }

  #gauge(name: string, help: string, shown: readonly Row[]): void {
    if (shown.length === 0) return
    const gauge = new Gauge({ name, help, labelNames: labelsOf(shown), registers: [this.registry] })
    for (const { labels, value } of shown) gauge.set({ ...labels }, value as number)
  }

  counter(name: string, help: string, rows: readonly Row[]): void {
    const shown = rows.filter((row) => isShowable(row.value))
    if (shown.length === 0) return
    const counter = new Counter({
      name,
      help,
      labelNames: labelsOf(shown),
      registers: [this.registry],
    })
    for (const { labels, value } of shown) counter.inc({ ...labels }, value as number)
  }
}

export interface Row {
  readonly labels?: Readonly<Record<string, string>>
  /** null, undefined, NaN, infinite or negative: not shown. */
  readonly value: number | null | undefined
}

function isShowable(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function labelsOf(rows: readonly Row[]): string[] {
  return Object.keys(rows[0]?.labels ?? {})
}
