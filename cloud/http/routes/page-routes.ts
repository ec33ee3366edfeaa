// The overview page, as files of cloud/console, read once at start. The policy allows nothing from elsewhere and no inline script: the page gets
// its token from the URL's fragment, which no server and no log ever sees.
import { readFileSync } from 'node:fs'
import { route } from '../route.ts'
import type { Answered, Route } from '../route.ts'

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A node without a built page serves everything else all the same. */
const NOT_BUILT = '// The page is not built. Run "npm run build" and start the node again.\n'

function read(file: string): string {
  try {
    return readFileSync(new URL(`../../console/${file}`, import.meta.url), 'utf8')
  } catch {
    return NOT_BUILT
  }
}

function page(path: string, file: string, type: string, summary: string): Route {
  const text = read(file)
  const headers = { 'Content-Security-Policy': PAGE_POLICY, 'Cross-Origin-Opener-Policy': 'same-origin' }
  return route({
    method: 'GET',
    path,
    needs: 'public',
    summary,
    answer: { type },
    async handle(): Promise<Answered> {
      return { ok: true, value: { status: 200, text, type: `${type}; charset=utf-8`, headers } }
    },
  })
}

const CA_TYPE = 'application/x-x509-ca-cert'

export const PAGE_ROUTES = [
  route({
    method: 'GET',
    path: '/ca.crt',
    needs: 'public',
    summary: "The certificate that proves the stores' TLS, to be put on managers' devices",
    answer: { type: CA_TYPE },
    async handle({ services }): Promise<Answered> {
      return { ok: true, value: { status: 200, text: await services.caCertificate(), type: CA_TYPE } }
    },
  }),
  page('/', 'overview.html', 'text/html', 'The overview page; open it as /#token=TOKEN'),
  page('/overview.js', 'dist/overview.js', 'text/javascript', 'Script of the overview page'),
  page('/overview.css', 'overview.css', 'text/css', 'Style of the overview page'),
]
