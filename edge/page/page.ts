// The manager's page, as `npm run build` made it: three files, read once at start. Nothing is asked of any other host, and the policy lets the browser
// run exactly what is served here. An edge without a built page serves its store all the same, and says how to build it.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

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
  /** Compressed: no browser is without gzip. */
  readonly body: Uint8Array
}

const NOT_BUILT = Buffer.from('The page is not built. Run "npm run build" and start the edge again.\n')

function read(name: string): Uint8Array {
  try {
    return readFileSync(new URL(`dist/${name}`, import.meta.url))
  } catch {
    return NOT_BUILT
  }
}

const file = (path: string, name: string, type: string, summary: string): PageFile => {
  const text = read(name)
  const body = gzipSync(text, { level: 9 })
  return { path, type: `${text === NOT_BUILT ? 'text/plain' : type}; charset=utf-8`, summary, body }
}

export const PAGE_FILES: readonly PageFile[] = [
  file('/', 'index.html', 'text/html', 'The live page of the store'),
  file('/page.js', 'page.js', 'text/javascript', 'Script of the page'),
  file('/page.css', 'page.css', 'text/css', 'Style of the page'),
]
