/** What a dashboard is made of, before it is Grafana's: what a panel asks Prometheus, and why one looks at it. */

export interface Target {
  readonly expr: string
  readonly legend: string
}

export interface PanelSource {
  readonly title: string
  readonly why: string
  /** Grafana's unit id. */
  readonly unit: string
  readonly targets: readonly Target[]
  /** Of 24 columns; 12 when absent. */
  readonly width?: number
  /** A single figure in place of curves. */
  readonly figure?: boolean
}

export interface RowSource {
  readonly title: string
  readonly panels: readonly PanelSource[]
}

export interface DashboardSource {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly byService: boolean
  readonly rows: readonly RowSource[]
}

export const ask = (legend: string, expr: string): Target => ({ legend, expr })
