/**
 * The Grafana dashboards that ship in deploy/grafana/dashboards, as one source: what a panel asks Prometheus is
 * written once here, and a test asks a real Prometheus every one of these questions. Classic schema (version 39), which
 * Grafana 10 and newer import.
 */
import { FLEET } from './fleet.ts'
import type { DashboardSource, PanelSource, RowSource } from './panel.ts'
import { PROCESS } from './process.ts'

const DATASOURCE = { type: 'prometheus', uid: '$datasource' }
const SCHEMA_VERSION = 39
const COLUMNS = 24
const PANEL_HEIGHT = 8
const LEAST_REFRESH = '10s'

/** The dashboards by file name, ready to be written as JSON. */
export function grafanaDashboards(): ReadonlyMap<string, object> {
  return new Map([FLEET, PROCESS].map((source) => [`${source.uid}.json`, dashboardOf(source)]))
}

function dashboardOf({ uid, title, description, byService, rows }: DashboardSource): object {
  return {
    uid,
    title,
    description,
    schemaVersion: SCHEMA_VERSION,
    tags: ['forescale'],
    timezone: 'browser',
    editable: true,
    refresh: LEAST_REFRESH,
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [DATASOURCE_VARIABLE, ...(byService ? [SERVICE_VARIABLE] : [])] },
    panels: panelsOf(rows),
  }
}

const DATASOURCE_VARIABLE = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
}
const SERVICE_VARIABLE = {
  name: 'service',
  label: 'service',
  type: 'query',
  datasource: DATASOURCE,
  query: { query: 'label_values(forescale_source_age_seconds, service)', refId: 'services' },
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
}

/** Rows under one another, panels from left to right, a new line when one is full. */
function panelsOf(rows: readonly RowSource[]): object[] {
  const panels: object[] = []
  let y = 0
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    })
    y++
    let x = 0
    for (const panel of row.panels) {
      const w = panel.width ?? COLUMNS / 2
      if (x + w > COLUMNS) {
        x = 0
        y += PANEL_HEIGHT
      }
      panels.push(panelOf(panel, panels.length + 1, { x, y, w, h: PANEL_HEIGHT }))
      x += w
    }
    y += PANEL_HEIGHT
  }
  return panels
}

function panelOf(panel: PanelSource, id: number, gridPos: object): object {
  return {
    id,
    type: panel.figure ? 'stat' : 'timeseries',
    title: panel.title,
    description: panel.why,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
    options: panel.figure
      ? { textMode: 'name' }
      : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
    targets: panel.targets.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  }
}
