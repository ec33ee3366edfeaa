// What a merchant's existing integration has in hand after registering: an API client, and an administrator whose login it may use. Made once over the
// public API and the pages a person would use, and kept beside the demo's other access, so that starting again changes nothing.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { AskFault, askOk, pick } from '../ask.ts'
import { keptClient } from './kept-client.ts'
import type { ApiClient, Office } from './kept-client.ts'

export interface Integrator extends ApiClient {
  readonly username: string
  readonly password: string
}

const FILE = 'perkville.json'
const USERNAME = 'admin@demo.example'
/** What Perkville recommends for a point of sale. */
const SCOPES = [
  'PUBLIC',
  'ADMIN_CUSTOMER_INFO',
  'ADMIN_CUSTOMER_REDEEM',
  'ADMIN_CUSTOMER_GRANT_POINTS',
  'ADMIN_CUSTOMER_REFERRAL',
  'ADMIN_PERK',
]

export function integratorOf(office: Office, directory: string): Promise<Integrator> {
  return keptClient(join(directory, FILE), office, () => make(office))
}

/** The call that gives an existing client its token, to be pasted into a shell. */
export function tokenCommand(
  url: string,
  { client_id, client_secret, username, password }: Integrator,
): string {
  return `curl -u '${client_id}:${client_secret}' ${url}/perkville/api/token/ -d grant_type=password -d username=${username} -d password=${password}`
}

async function make({ url, hqToken: token }: Office): Promise<Integrator> {
  await askOk(`${url}/v1/dialects`, { method: 'POST', token, body: { name: 'perkville' } })
  const client = await askOk(`${url}/v1/clients`, {
    method: 'POST',
    token,
    body: {
      name: 'Demo point of sale',
      dialect: 'perkville',
      redirect_uris: [`${url}/`],
      scopes: SCOPES,
      grants: ['password', 'authorization_code'],
    },
  })
  const tenants = await askOk(`${url}/v1/tenants?limit=1`, { token })
  const tenant = pick(pick(tenants, 'list', 'items')[0], 'number', 'id')
  const invited = await askOk(`${url}/v1/tenants/${tenant}/invitations`, {
    method: 'POST',
    token,
    body: { email: USERNAME, role: 'ADMIN' },
  })
  const password = randomBytes(12).toString('base64url')
  await accept(url + pick(invited, 'string', 'path'), password)
  return {
    client_id: pick(client, 'string', 'client_id'),
    client_secret: pick(client, 'string', 'client_secret'),
    username: USERNAME,
    password,
  }
}

/** Fills the invitation's page in, as a person does in a browser. */
async function accept(page: string, password: string): Promise<void> {
  const shown = await fetch(page)
  const [, csrf = ''] = /name="csrf" value="([0-9a-f]+)"/.exec(await shown.text()) ?? []
  const cookie = shown.headers
    .getSetCookie()
    .map((set) => set.split(';')[0])
    .join('; ')
  const taken = await fetch(page, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams({ csrf, first_name: 'Demo', last_name: 'Admin', password }),
  })
  if (!taken.ok) throw new AskFault(`the invitation's page answered ${taken.status}`)
}
