/** `node services/http/generate-docs.ts`: writes docs/api.md from the routes. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type ApiDocument, apiMarkdown } from './api-docs.ts'
import { createApp, packageVersion } from './app.ts'
import { openApiDocument } from './docs.ts'
import { createTestParts } from './test-plane.ts'

export const API_DOCS = fileURLToPath(new URL('../../docs/api.md', import.meta.url))

/** The routes need no running controller to say what they are. */
export function describeApi(): ApiDocument {
  const app = createApp(createTestParts())
  const document: unknown = JSON.parse(JSON.stringify(openApiDocument(app, packageVersion())))
  app.closeStreams()
  return document as ApiDocument
}

export function apiDocs(): string {
  return apiMarkdown(describeApi())
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(API_DOCS, apiDocs())
  process.stderr.write(`wrote ${API_DOCS}\n`)
}
