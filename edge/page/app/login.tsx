// Name and passcode, or the token of an admin.
import { signal } from '@preact/signals'
import { keepToken, logIn, refused } from './session.ts'

const busy = signal(false)
const byToken = signal(false)

async function submit(event: SubmitEvent): Promise<void> {
  event.preventDefault()
  const form = event.target
  if (!(form instanceof HTMLFormElement)) return
  const given = new FormData(form)
  const text = (name: string): string => {
    const value = given.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
  if (byToken.value) return keepToken(text('token'))
  busy.value = true
  const why = await logIn(text('name'), text('passcode'))
  busy.value = false
  if (why !== null) refused.value = why
}

export function Login() {
  return (
    <main class="login">
      <h1>Who is watching?</h1>
      <form onSubmit={(event) => void submit(event)}>
        {byToken.value ? (
          <label>
            Token
            <input name="token" type="password" autocomplete="off" required />
          </label>
        ) : (
          <>
            <label>
              Name
              <input name="name" autocomplete="username" required pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" />
            </label>
            <label>
              Passcode
              <input name="passcode" type="password" autocomplete="current-password" required minLength={6} />
            </label>
          </>
        )}
        <button type="submit" disabled={busy.value}>
          {busy.value ? 'Looking …' : 'Watch'}
        </button>
        <p role="alert">{refused.value}</p>
      </form>
      <button type="button" class="quiet" onClick={() => (byToken.value = !byToken.value)}>
        {byToken.value ? 'Use name and passcode' : 'Use a token'}
      </button>
      <p class="hint">
        Whoever administers this store node sets passcodes (POST /v1/managers) with the token in{' '}
        <code>admin.token</code> of its data directory.
      </p>
    </main>
  )
}
