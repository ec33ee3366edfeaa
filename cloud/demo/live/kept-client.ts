// API clients that the demo registers once. Their secrets are shown at that moment only, so they are kept beside the demo's other access, for its owner's
// eyes, and starting again changes nothing.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { ask } from '../ask.ts'

export interface ApiClient {
  readonly client_id: string
  readonly client_secret: string
}

export interface Office {
  readonly url: string
  readonly hqToken: string
}

/** What is kept at `path` while its client is known at HQ; else what `make` makes. */
export async function keptClient<T extends ApiClient>(
  path: string,
  office: Office,
  make: () => Promise<T>,
): Promise<T> {
  // Our own file, written below.
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
  if (kept !== undefined && (await isKnown(office, kept))) return kept
  const made = await make()
  writeFileSync(path, JSON.stringify(made), { mode: 0o600 })
  chmodSync(path, 0o600)
  return made
}

async function isKnown({ url, hqToken: token }: Office, { client_id: id }: ApiClient): Promise<boolean> {
  const body = { disabled: false }
  const { status } = await ask(`${url}/v1/clients/${id}/disabled`, { method: 'POST', token, body })
  return status === 200
}
