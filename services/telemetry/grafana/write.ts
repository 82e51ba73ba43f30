/** Writes deploy/grafana/dashboards. Run by `npm run docs`; a test compares. */
import { writeFileSync } from 'node:fs'
import { grafanaDashboards } from './dashboards.ts'

const FOLDER = new URL('../../../deploy/grafana/dashboards/', import.meta.url)

for (const [file, dashboard] of grafanaDashboards()) {
  writeFileSync(new URL(file, FOLDER), `${JSON.stringify(dashboard, undefined, 2)}\n`)
}
