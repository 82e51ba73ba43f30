/** The files of a training as plain data, so that it can go on somewhere else. Names are relative, with `/`. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

const MOST_FILES = 1000
/** Written beside and renamed: a half-written one is nobody's. */
const HALF = '.new'

/** Contents by name, base64. No name leads out of the folder. */
export const Snapshot = z
  .record(
    z.string().regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+){0,6}$/, 'a relative path without ".."'),
    z.base64(),
  )
  .refine((files) => Object.keys(files).length <= MOST_FILES, {
    error: `at most ${MOST_FILES} files`,
  })
export type Snapshot = z.infer<typeof Snapshot>

/** Of `folder` within `root`; nothing where there is no such folder. */
export async function takeSnapshot(root: string, folder: string): Promise<Snapshot> {
  const files: Record<string, string> = {}
  const found = await readdir(path.join(root, folder), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => [])
  for (const entry of found) {
    if (!entry.isFile() || entry.name.endsWith(HALF)) continue
    const file = path.join(entry.parentPath, entry.name)
    const name = path.relative(root, file).replaceAll(path.sep, '/')
    // one that was renamed in the meantime stands under its new name
    const content = await readFile(file).catch(() => undefined)
    if (content) files[name] = content.toString('base64')
  }
  return files
}

/** Each file whole or not at all. Throws a ZodError for a name that leads elsewhere. */
export async function putSnapshot(root: string, files: unknown): Promise<void> {
  for (const [name, content] of Object.entries(Snapshot.parse(files))) {
    const file = path.join(root, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(`${file}${HALF}`, Buffer.from(content, 'base64'))
    await rename(`${file}${HALF}`, file)
  }
}
