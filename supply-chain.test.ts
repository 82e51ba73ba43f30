/** What we depend on, as far as it can be checked offline: every package has a hash, comes from a registry, and has a known licence. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const Lock = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.looseObject({
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      license: z.string().optional(),
      link: z.boolean().optional(),
      inBundle: z.boolean().optional(),
    }),
  ),
})
const lock = Lock.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')))
const packages = Object.entries(lock.packages).filter(([at]) => at !== '')

/** Those that let us ship; a package with a choice needs one of these. */
const ALLOWED: readonly string[] = [
  ...['MIT', 'MIT-0', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense'],
  ...[
    'CC0-1.0',
    'CC-BY-4.0',
    'BlueOak-1.0.0',
    'Python-2.0',
    'PSF-2.0',
    'Zlib',
    'WTFPL',
    'CC-BY-3.0',
  ],
]
/** Licences that oblige us only for changes to the package's own files, and what the lock file does not tell. */
const LOOKED_AT: Readonly<Record<string, string>> = {
  'axe-core': 'MPL-2.0: browser tests only',
  'typed-function': 'MIT by its LICENSE file; its manifest names none',
  'url-template': 'BSD-3-Clause by its LICENSE file; its manifest says BSD',
  lightningcss: 'MPL-2.0: builds the dashboard, nothing of it is shipped',
}

function isAllowed(license: string): boolean {
  const choices = license.replaceAll(/[()]/g, '').split(/\s+OR\s+/)
  return choices.some((choice) => choice.split(/\s+AND\s+/).every((one) => ALLOWED.includes(one)))
}
const nameOf = (at: string) => at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)

describe('the lock file', () => {
  it('has a hash for every package, and no address of its own', () => {
    const own = packages.filter(([, { link, inBundle }]) => !link && !inBundle)
    const without = own.filter(([, { integrity }]) => !/^sha(512|256|1)-/.test(integrity ?? ''))
    expect(without.map(([at]) => at)).toEqual([])
    // the lock file names no registry (each installer has its own); what names an address is a way around
    const elsewhere = own.filter(([, { resolved }]) => resolved !== undefined)
    expect(elsewhere.map(([at]) => at)).toEqual([])
    expect(own.length).toBeGreaterThan(300)
  })

  it('has no licence that was not looked at', () => {
    const odd = packages.flatMap(([at, { license, link }]) => {
      const name = nameOf(at)
      const known = Object.keys(LOOKED_AT).some((one) => name === one || name.startsWith(`${one}-`))
      if (link || known || (license !== undefined && isAllowed(license))) return []
      return [`${name}: ${license ?? 'none named'}`]
    })
    expect([...new Set(odd)]).toEqual([])
  })

  it('is what package.json asks for', () => {
    const Manifest = z.object({
      dependencies: z.record(z.string(), z.string()),
      devDependencies: z.record(z.string(), z.string()),
    })
    const read = Manifest.parse(JSON.parse(readFileSync('package.json', 'utf8')))
    const locked = Manifest.parse(lock.packages[''])
    expect(locked).toEqual(read)
  })
})
