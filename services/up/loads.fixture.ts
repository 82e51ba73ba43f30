/** Loaded before a process of ours (`node --import`): when that ends, its files stand in FORESCALE_TEST_LOADS. Only for tests. */
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { isMainThread } from 'node:worker_threads'

const folder = process.env.FORESCALE_TEST_LOADS
const files = new Set<string>()

registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) files.add(url)
    return next(url, context)
  },
})

if (folder && isMainThread)
  process.on('exit', () => {
    const name = path.basename(process.argv[1] ?? 'none')
    writeFileSync(path.join(folder, `${name}-${process.pid}.json`), JSON.stringify([...files]))
  })
