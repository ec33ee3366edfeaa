// Name and passcode. An admin opens the page with a token behind the # instead.
import { signal } from '@preact/signals'
import { logIn, refused } from './session.ts'

const busy = signal(false)

async function submit(event: SubmitEvent): Promise<void> {
  event.preventDefault()
  const form = event.target
  if (!(form instanceof HTMLFormElement)) return
  const given = new FormData(form)
  const text = (name: string): string => {
    const value = given.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
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
        <label>
          Name
          <input name="name" autocomplete="username" required />
        </label>
        <label>
          Passcode
          <input name="passcode" type="password" autocomplete="current-password" required minLength={6} />
        </label>
        <button type="submit" disabled={busy.value}>
          {busy.value ? 'Looking …' : 'Watch'}
        </button>
        <p role="alert">{refused.value}</p>
      </form>
      <p class="hint">No passcode yet, or forgotten? Whoever administers this store node sets them.</p>
    </main>
  )
}
