/** What a reader chose, kept in this browser; where storage is refused the page works without. */
const PREFIX = 'forescale.'

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key)
  } catch {
    return null
  }
}

export function store(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value)
  } catch {
    // private windows may refuse: the choice lasts until the page is closed
  }
}
