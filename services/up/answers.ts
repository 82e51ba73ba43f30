/** The health check of a container that has no shell and no curl: `node services/up/answers.ts URL` ends with 0 when it answers 2xx. */
const [url = ''] = process.argv.slice(2)

try {
  const response = await fetch(url)
  if (!response.ok) process.stderr.write(`${url}: ${response.status} ${await response.text()}\n`)
  process.exitCode = response.ok ? 0 : 1
} catch (error) {
  process.stderr.write(`${url}: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
