// The frame of every page a person sees while logging in: plain HTML in the business's name and colours, complete without script. Text is escaped by
// the template; the only style is in the page, under a nonce, so that nothing from elsewhere is run or drawn but the business's logo.
import { randomBytes } from 'node:crypto'
import { html } from 'hono/html'
import type { BusinessProfile } from '../../platform/tenants.ts'

export type Html = ReturnType<typeof html>

/** The node's own look, where no single business is asked for. */
export const PLAIN: BusinessProfile = { name: 'Tillstream' }

export interface PageText {
  readonly title: string
  readonly business: BusinessProfile
  readonly main: Html
  readonly status?: number
  /** Where forms of the page may lead, besides here. */
  readonly formTargets?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

const COLOR = /^#[0-9a-f]{6}$/i
const COLOR_PLAIN = '#1f5f5b'

export async function pageResponse(text: PageText): Promise<Response> {
  const { title, business, main, status = 200, formTargets = [] } = text
  const nonce = randomBytes(18).toString('base64')
  const color = COLOR.test(business.brand_color ?? '') ? (business.brand_color ?? COLOR_PLAIN) : COLOR_PLAIN
  const style = `:root{--brand:${color};--on-brand:${onColor(color)}}${STYLE}`
  const logo = logoOf(business)
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · ${business.name}</title>
        <style nonce="${nonce}">
          ${style}
        </style>
      </head>
      <body>
        <header>
          ${logo === null ? '' : html`<img src="${logo}" alt="" width="40" height="40" />`}
          <p>${business.rewards_program_name ?? business.name}</p>
        </header>
        <main>
          <h1>${title}</h1>
          ${main}
        </main>
      </body>
    </html>`
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    logo === null ? "img-src 'none'" : `img-src ${new URL(logo).origin}`,
    `form-action ${["'self'", ...formTargets.map(formSource)].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  return new Response(String(await page), {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
      'X-Frame-Options': 'DENY',
      'Cross-Origin-Opener-Policy': 'same-origin',
      // Not `no-referrer`: with that, browsers say `Origin: null` of our own forms.
      'Referrer-Policy': 'same-origin',
      ...text.headers,
    },
  })
}

/** Browsers apply `form-action` to where a form's answer redirects, too. */
function formSource(target: string): string {
  const { protocol, origin } = new URL(target)
  return protocol === 'https:' || protocol === 'http:' ? origin : protocol
}

/** Of a host whose name ends nothing in the policy. */
function logoOf({ logo_url }: BusinessProfile): string | null {
  if (logo_url === undefined || !URL.canParse(logo_url)) return null
  const { protocol, hostname } = new URL(logo_url)
  return protocol === 'https:' && /^[a-z0-9._:[\]-]+$/i.test(hostname) ? logo_url : null
}

/** Black or white, whichever stands out more (WCAG 2: relative luminance). */
function onColor(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return luminance > 0.179 ? '#000000' : '#ffffff'
}

const STYLE = `
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:#f4f5f4;color:#1c211f;font:1rem/1.5 system-ui,sans-serif}
header{display:flex;gap:.75rem;align-items:center;padding:1rem 1.5rem;background:var(--brand);color:var(--on-brand);font-weight:600}
header p{margin:0}
header img{border-radius:.4rem;background:#fff}
main{max-width:26rem;margin:2.5rem auto;padding:2rem;background:#fff;border:1px solid #d8dcda;border-radius:.75rem}
h1{margin:0 0 1rem;font-size:1.4rem;line-height:1.25}
form{margin:1.25rem 0 0}
h2{margin:2rem 0 .5rem;font-size:1.15rem}
h3{margin:1rem 0 .25rem;font-size:1rem}
.text{white-space:pre-wrap;max-height:16rem;overflow:auto}
form.inline{display:inline;margin:0}
a{color:inherit}
label{display:block;margin:1rem 0 .3rem;font-weight:600}
input[type=checkbox]{width:auto;margin-right:.4rem}
input:not([type=checkbox]){width:100%;padding:.6rem .7rem;border:1px solid #6b7471;border-radius:.4rem;font:inherit;background:#fff;color:inherit}
button{margin-top:1.25rem;padding:.65rem 1.1rem;border:1px solid #6b7471;border-radius:.4rem;background:#fff;color:inherit;font:inherit;font-weight:600;cursor:pointer}
button.first{border-color:var(--brand);background:var(--brand);color:var(--on-brand)}
button.quiet{margin:0;padding:0;border:0;text-decoration:underline;font-weight:400}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid #1a6fd4;outline-offset:2px}
.row{display:flex;gap:.75rem;flex-wrap:wrap}
.wrong{margin:0 0 1rem;padding:.7rem .9rem;border-left:4px solid #b3261e;background:#fbeceb}
ul{padding-left:1.2rem}
.small{font-size:.9rem;color:#4d5552}
@media (max-width:30rem){main{margin:0;border:0;border-radius:0}}
`
