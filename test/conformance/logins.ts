// Who is logged in where, in a world: sessions of browsers, and an app that they agreed to before.
import { createHash } from 'node:crypto'
import { PERKVILLE_SCOPES } from '../../cloud/dialects/perkville/scopes.ts'
import type { PersonId } from '../../cloud/store/platform-port.ts'
import type { Writes } from '../../cloud/store/port.ts'
import type { Millis } from '../../protocol/time.ts'

export const APP = { key: 'till-app', secret: 'secret-of-till-app', redirect: 'https://app.example.org/cb/' }
const VERIFIER = 'v'.repeat(43)
const DAY_MS = 86_400_000

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The session's cookie for each person by name, and the app, agreed to by all of them. */
export async function logIn(
  tx: Writes,
  people: Readonly<Record<string, PersonId>>,
  now: Millis,
): Promise<Map<string, string>> {
  const scopes = PERKVILLE_SCOPES.filter((scope) => scope === 'PUBLIC' || scope.startsWith('USER'))
  const client = await tx.insertClient({
    key: APP.key,
    name: 'Till App',
    dialect: 'perkville',
    secretHash: hashOf(APP.secret),
    redirectUris: [APP.redirect, 'https://app.example.org/other/'],
    scopes,
    grants: ['authorization_code'],
    tenants: [],
    disabled: false,
    created: now,
    modified: now,
  })
  const names = new Map([
    ['basic:app', Buffer.from(`${APP.key}:${APP.secret}`).toString('base64')],
    ['verifier:a', VERIFIER],
    ['challenge:a', createHash('sha256').update(VERIFIER).digest('base64url')],
  ])
  for (const [name, person] of Object.entries(people)) {
    // As long as a secret is, and different for each.
    const session = hashOf(name).slice(0, 43)
    await tx.insertSession({ hash: hashOf(session), person, expires: (now + DAY_MS) as Millis })
    await tx.saveConsent({ person, client: client.id, scopes, at: now })
    names.set(`cookie:${name}`, `till_session=${session}`)
  }
  return names
}
