// What the page knows: the latest activities, the store's status, its day, and what the watcher wants to see of it. Everything is bounded: so many
// activities are kept, the newest; a picture is drawn at most every DRAW_MS however fast the store sells.
import { computed, signal } from '@preact/signals'
import { FeedClient } from '../../kit/feed-client.ts'
import type { FeedState } from '../../kit/feed-client.ts'
import type { Activity, Status, Today } from '../../till/answers.ts'
import { ask, forgetToken, token } from './session.ts'
import { KIND_GROUPS, matches, money, zone } from './words.ts'

const KEPT_MAX = 2_000
export const SHOWN_MAX = 200
const DRAW_MS = 100
const STATUS_MS = 2_000
const TODAY_MS = 5_000
const TICK_MS = 1_000

/** A place where the store had no more to give: activities are missing between the two rows around it. */
export interface Gap {
  readonly gap: true
  readonly position: string
}
export type Row = Activity | Gap

export const rows = signal<readonly Row[]>([])
export const status = signal<Status | null>(null)
export const today = signal<Today | null>(null)
export const feedState = signal<FeedState>('connecting')
/** The store node answers. */
export const reachable = signal(true)
/** When the last activity came, in the browser's time; 0 before the first. */
export const lastAt = signal(0)
export const now = signal(Date.now())

export const paused = signal(false)
/** What came while paused. */
export const held = signal(0)
/** Names of KIND_GROUPS that are shown. */
export const groups = signal<ReadonlySet<string>>(new Set(KIND_GROUPS.map(({ name }) => name)))
export const terminal = signal('')
export const search = signal('')
export const privacy = signal(localStorage.getItem('tillstream-privacy') === 'on')
export const opened = signal<Activity | null>(null)

let fresh: Row[] = []
let kept: readonly Row[] = []
let gaps = 0
let drawing = false
let client: FeedClient | undefined

export const terminals = computed(() => {
  const names = new Set(
    rows.value.flatMap((row) => ('gap' in row || row.terminal === null ? [] : [row.terminal])),
  )
  return [...names].toSorted()
})

export const shown = computed(() => {
  const kinds = new Map(
    KIND_GROUPS.flatMap(({ name, kinds: all }) => all.map((kind) => [kind, name] as const)),
  )
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
  const wanted: Row[] = []
  for (const row of rows.value) {
    if (wanted.length >= SHOWN_MAX) break
    const fits =
      'gap' in row ||
      (groups.value.has(kinds.get(row.kind) ?? 'Store') &&
        (terminal.value === '' || row.terminal === terminal.value) &&
        matches(row, words))
    if (fits) wanted.push(row)
  }
  return wanted
})

/** A fact is confirmed by its answer, or once the cloud has it (edge F-6). */
export function isProvisional(one: Activity): boolean {
  const { value } = status
  if (one.status !== 'provisional') return false
  if (value === null || one.fact === null) return true
  const id = Number(one.fact)
  const origin = Math.floor(id / 2 ** 33)
  return origin !== value.origin || id - origin * 2 ** 33 > value.synced_seq
}

function take(row: Row): void {
  fresh.push(row)
  if (fresh.length > KEPT_MAX) fresh.shift()
  if (drawing) return
  drawing = true
  setTimeout(draw, DRAW_MS)
}

/** Newest first. While paused what comes is kept, and not shown. */
function draw(): void {
  drawing = false
  kept = [...fresh.reverse(), ...kept].slice(0, KEPT_MAX)
  fresh = []
  if (!paused.value) rows.value = kept
}

export function setPaused(on: boolean): void {
  paused.value = on
  if (on) return
  held.value = 0
  rows.value = kept
}

export function setPrivacy(on: boolean): void {
  privacy.value = on
  localStorage.setItem('tillstream-privacy', on ? 'on' : 'off')
}

export function toggleGroup(name: string): void {
  const next = new Set(groups.value)
  if (!next.delete(name)) next.add(name)
  groups.value = next
}

async function poll(): Promise<void> {
  try {
    const told = await ask<Status>('/v1/status')
    reachable.value = true
    if (told === null) return
    zone.value = told.store.zone
    money.value = told.program
    status.value = told
    document.title = `${told.store.name} – Tillstream`
  } catch {
    reachable.value = false
  }
}

async function pollToday(): Promise<void> {
  try {
    today.value = (await ask<Today>('/v1/today')) ?? today.value
  } catch {
    // The status says that the node is gone; the figures stay what they were.
  }
}

/** Watches until the function it gives back is called. */
export function watch(): () => void {
  client = new FeedClient({
    url: location.origin,
    token: token.value,
    onActivities(activities) {
      lastAt.value = Date.now()
      if (paused.value) held.value += activities.length
      for (const one of activities) take(one)
    },
    onMissed: () => take({ gap: true, position: `gap-${++gaps}` }),
    onState(state) {
      feedState.value = state
      if (state === 'refused') forgetToken('This login is no longer valid.')
    },
  })
  void poll()
  void pollToday()
  const timers = [
    setInterval(() => void poll(), STATUS_MS),
    setInterval(() => void pollToday(), TODAY_MS),
    setInterval(() => (now.value = Date.now()), TICK_MS),
  ]
  return () => {
    client?.close()
    for (const timer of timers) clearInterval(timer)
  }
}
