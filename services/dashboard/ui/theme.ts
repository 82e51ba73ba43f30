/** Light and dark: the system's wish unless the reader chose; and the palette as the charts need it. */
import { recall, store } from './preferences.ts'

export type Theme = 'system' | 'light' | 'dark'
const dark = window.matchMedia('(prefers-color-scheme: dark)')

export function storedTheme(): Theme {
  const theme = recall('theme')
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

/** What is shown now. */
export function shownTheme(): 'light' | 'dark' {
  const theme = storedTheme()
  if (theme !== 'system') return theme
  return dark.matches ? 'dark' : 'light'
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = shownTheme()
}

export function toggleTheme(): void {
  store('theme', shownTheme() === 'dark' ? 'light' : 'dark')
  applyTheme()
}

/** Calls back when the system changes its mind. */
export function onSystemTheme(listener: () => void): void {
  dark.addEventListener('change', () => {
    applyTheme()
    listener()
  })
}

const ROLES = [
  'ink',
  'muted',
  'grid',
  'surface',
  'load',
  'forecast',
  'band-wide',
  'band-narrow',
  'past-wide',
  'past-narrow',
  'miss',
  'ready',
  'ready-fill',
  'starting-fill',
  'decided',
  'wanted',
  'latency',
  'slo',
  'violation-fill',
  'spend',
  'spend-fill',
  'price',
  'price-fill',
  'recorded',
  'future',
  'spike',
] as const
export type Role = (typeof ROLES)[number]
export type Palette = Readonly<Record<Role, string>>

/** The colours of theme.css, resolved. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  return Object.fromEntries(
    ROLES.map((role) => [role, style.getPropertyValue(`--${role}`).trim()]),
  ) as Record<Role, string>
}
