// Who may watch by name and passcode (H-9, H-10): rows of the local API's table. Only an admin sets passcodes; logging in needs no token, being what
// gives one.
import { Type } from 'typebox'
import { PASSCODE_CHARS_MAX, PASSCODE_CHARS_MIN } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import { closed } from '../../protocol/shapes.ts'
import type { Readers } from '../feed/readers.ts'
import type { Passcodes } from './passcodes.ts'
import { answer, json, route } from './route.ts'
import type { Route } from './route.ts'
import { CALLER_NAME } from './tokens.ts'
import type { Tokens } from './tokens.ts'

export interface ManagerApi {
  readonly passcodes: Passcodes
  readonly readers: Readers
  readonly tokens: Tokens
}

const LoginShape = Type.Object(
  {
    name: Type.String({ pattern: CALLER_NAME }),
    passcode: Type.String({ minLength: PASSCODE_CHARS_MIN, maxLength: PASSCODE_CHARS_MAX }),
  },
  closed,
)

export function managerRoutes({ passcodes, readers, tokens }: ManagerApi): Route[] {
  const named = Type.Object({ name: Type.String() }, closed)
  const session = Type.Object({ token: Type.String(), name: Type.String(), ends_at: Type.String() }, closed)
  return [
    route({
      method: 'POST',
      path: '/v1/managers',
      summary: 'Who may watch with name and passcode; sets the passcode anew where there is one',
      roles: [],
      body: LoginShape,
      answers: { 201: answer('The manager', named) },
      async handle({ body: { name, passcode } }) {
        if (tokens.list().some((terminal) => terminal.name === name))
          return refuse('terminal_taken', `There is a terminal "${name}" already.`, '/name')
        const set = await passcodes.set(name, passcode)
        return set.ok ? json(201, set.value) : set
      },
    }),
    route({
      method: 'GET',
      path: '/v1/managers',
      summary: 'Who has a passcode',
      roles: [],
      answers: { 200: answer('All', Type.Object({ managers: Type.Array(named) }, closed)) },
      handle: () => json(200, { managers: passcodes.names().map((name) => ({ name })) }),
    }),
    route({
      method: 'DELETE',
      path: '/v1/managers/:name',
      summary: 'Takes a passcode back, and all sessions opened with it',
      roles: [],
      answers: { 204: { description: 'Gone' } },
      handle({ parameters }) {
        const name = parameters[0] ?? ''
        if (!passcodes.remove(name))
          return refuse('manager_not_found', 'There is no manager of this name.', 'name')
        readers.revoke(name)
        return accept({ status: 204, body: '' })
      },
    }),
    route({
      method: 'POST',
      path: '/v1/sessions',
      summary: 'Name and passcode for a token that lasts a shift; works without the internet',
      roles: 'public',
      body: LoginShape,
      answers: { 201: answer('The session', session) },
      async handle({ body: { name, passcode } }) {
        const opened = await passcodes.logIn(name, passcode)
        if (!opened.ok) return opened
        const { token, ends } = opened.value
        return json(201, { token, name, ends_at: new Date(ends).toISOString() })
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/sessions',
      summary: 'Ends all sessions of the manager who asks',
      roles: ['manager'],
      answers: { 204: { description: 'Ended' } },
      handle({ terminal }) {
        passcodes.logOut(terminal)
        readers.revoke(terminal)
        return accept({ status: 204, body: '' })
      },
    }),
  ]
}
