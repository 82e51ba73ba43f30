/** Figures and tables as a person reads them. */
export interface Column<Row> {
  readonly title: string
  readonly right?: boolean
  text(row: Row): string
}

/** Columns as wide as their widest cell; the last one is left as it is. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map((c) => c.title), ...rows.map((row) => columns.map((c) => c.text(row)))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => widthOf(line[i] ?? ''))))
  return cells.map((line) =>
    line
      .map((cell, i) => {
        const gap = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(cell)))
        if (columns[i]?.right) return gap + cell
        return i === columns.length - 1 ? cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Characters on the screen: without the codes that colour them. */
function widthOf(text: string): number {
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '').length
}

const NOTHING = '–'

export function rps(value: number | null): string {
  return value === null ? NOTHING : `${figure(value)} rps`
}

export function seconds(value: number | null): string {
  if (value === null) return NOTHING
  return value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`
}

export function percent(fraction: number | null): string {
  return fraction === null ? NOTHING : `${(fraction * 100).toFixed(1)} %`
}

export function dollars(perHour: number): string {
  return `$${perHour.toFixed(2)}/h`
}

export function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}

export function timeOfDay(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)
}

/** `12 s ago`, `in 3 min`. */
export function fromNow(atMs: number, nowMs: number): string {
  const distance = span(Math.abs(nowMs - atMs))
  return atMs <= nowMs ? `${distance} ago` : `in ${distance}`
}

export function span(ms: number): string {
  const s = ms / 1000
  if (s < 120) return `${s < 10 ? Number(s.toFixed(1)) : Math.round(s)} s`
  if (s < 7200) return `${Math.round(s / 60)} min`
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`
}
