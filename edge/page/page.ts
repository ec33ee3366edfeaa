// The manager's page: three files as they stand beside this one, read once at start. Nothing is built, nothing is asked of any other host,
// and the policy lets the browser run exactly what is served here.
import { readFileSync } from 'node:fs'

export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface PageFile {
  readonly path: string
  readonly type: string
  readonly summary: string
  readonly body: Uint8Array
}

const file = (path: string, name: string, type: string, summary: string): PageFile => ({
  path,
  type: `${type}; charset=utf-8`,
  summary,
  body: readFileSync(new URL(name, import.meta.url)),
})

export const PAGE_FILES: readonly PageFile[] = [
  file('/', 'page.html', 'text/html', 'The live page of the store'),
  file('/page.js', 'page.js', 'text/javascript', 'Script of the page'),
  file('/page.css', 'page.css', 'text/css', 'Style of the page'),
]
