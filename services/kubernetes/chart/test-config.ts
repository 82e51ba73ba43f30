/** A configuration as text, read as the file that Forescale starts with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { AppConfig } from '../../config.ts'
import { loadConfigFile } from '../../config-file.ts'

/** Throws a ConfigError that names every fault. */
export function loadConfigText(text: string): AppConfig {
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-config-'))
  const file = path.join(folder, 'forescale.yaml')
  try {
    writeFileSync(file, text)
    return loadConfigFile(file, {})
  } finally {
    rmSync(folder, { recursive: true })
  }
}
