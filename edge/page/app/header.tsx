// Which store, how fresh, how far synced.
import { logOut } from './session.ts'
import { feedState, lastAt, now, privacy, reachable, setPrivacy, status } from './watching.ts'
import { countText, spanText } from './words.ts'

export function Header() {
  const told = status.value
  return (
    <header>
      <h1>{told?.store.name ?? 'Store'}</h1>
      <p class="program">
        {told === null
          ? ''
          : told.program === null
            ? 'no program yet'
            : `${told.program.name}, version ${told.program.version}`}
      </p>
      <p class="pills">
        <Link />
        <Sync />
        <span class="fresh">
          {lastAt.value === 0 ? 'nothing yet' : `last event ${spanText(now.value - lastAt.value)} ago`}
        </span>
        <button type="button" aria-pressed={privacy.value} onClick={() => setPrivacy(!privacy.value)}>
          Privacy
        </button>
        <button type="button" onClick={() => void logOut()}>
          Log out
        </button>
      </p>
    </header>
  )
}

function Link() {
  const state = status.value?.link.state
  if (!reachable.value || feedState.value === 'waiting') return <Pill state="bad" text="node not reachable" />
  if (state === 'online') return <Pill state="good" text="online" />
  if (state === 'fenced') return <Pill state="bad" text="not syncing" />
  return <Pill state="warn" text={state ?? 'connecting'} />
}

function Sync() {
  const told = status.value
  if (told === null || !reachable.value) return <Pill state="unknown" text="sync not known" />
  const { unsynced, oldest_unsynced_at: oldest } = told
  if (unsynced === 0) return <Pill state="good" text="all synced" />
  const age = oldest === null ? '' : `, oldest ${spanText(now.value - Date.parse(oldest))}`
  return <Pill state="warn" text={`${countText(unsynced)} waiting${age}`} />
}

export function Pill({ state, text }: { state: string; text: string }) {
  return (
    <span class="pill" data-state={state}>
      {text}
    </span>
  )
}
