// The overview page: totals, stores, live activities, and what HQ should look at. It watches through the kit's client, so a reconnect shows nothing
// twice and misses nothing. Everything from outside enters the page as text, never as markup.
import { FeedClient } from '../../../edge/kit/feed-client.ts'
import { ConflictQueue } from './conflicts.js'
import { element } from './element.js'

const ROWS_MAX = 200
const CONFLICTS_SHOWN = 20
/** So many of the newest a reader is shown first (FEED_RECENT). */
const RECENT = 500
const EDGES_EVERY_MS = 2_000
const TOTALS_EVERY_MS = 3_000
const RETRY_MS = 10_000
const RATE_WINDOW_MS = 5_000

const find = (id) => document.getElementById(id)
const number = new Intl.NumberFormat()
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const dayTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' })

let token = ''
let paused = false
let totalsStale = true
/** Newest first, bounded. */
let held = []
const arrivals = []
let client

// --- asking

async function ask(path) {
  const response = await fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: 'no-store' })
  if (response.status === 401) throw new Refused('This token is not known here.')
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return response.json()
}

class Refused extends Error {}

/** Repeats for as long as the page is open; a hidden page asks nothing. */
function every(ms, work) {
  const turn = async () => {
    if (!document.hidden) {
      try {
        await work()
      } catch {
        // The feed's line says that the node is away; the next turn tries again.
      }
    }
    setTimeout(turn, ms)
  }
  setTimeout(turn, ms)
}

// --- showing

function pill(state, text) {
  const made = element('span', 'pill', text)
  made.dataset.state = state
  return made
}

function showLine(state, text) {
  const line = find('line')
  line.dataset.state = state
  line.textContent = text
}

async function showTotals() {
  if (!totalsStale) return
  totalsStale = false
  const totals = await ask('/v1/totals').catch((cause) => {
    totalsStale = true
    throw cause
  })
  const { facts } = totals
  for (const [id, value] of [
    ['members', totals.members],
    ['balance', totals.balance],
    ['earned', totals.points_earned],
    ['reversed', totals.points_reversed],
    ['goodwill', totals.goodwill],
    ['facts', facts.counted + facts.duplicate + facts.unclaimed + facts.quarantined],
  ])
    find(`total-${id}`).textContent = number.format(value)
  const tiers = Object.entries(totals.by_tier).toSorted(([, a], [, b]) => b - a)
  find('tiers').replaceChildren(
    ...tiers.map(([name, members]) => element('li', '', `${name}: ${number.format(members)}`)),
  )
  return totals
}

async function showProgram() {
  const { items } = await ask('/v1/programs')
  const program = items.find((version) => version.in_force)
  find('program').textContent =
    program === undefined ? 'No program is in force' : `${program.name}, version ${program.version}`
}

async function showStores() {
  const { items } = await ask('/v1/edges')
  find('no-stores').hidden = items.length > 0
  find('stores').replaceChildren(...items.map(storeCard))
}

async function showConflicts() {
  const { items, next } = await ask(`/v1/conflicts?limit=${CONFLICTS_SHOWN}`)
  find('conflicts-section').hidden = items.length === 0
  find('conflicts-more').textContent = next === null ? `${items.length}` : `the first ${items.length}`
  conflicts.show(items)
}

const conflicts = new ConflictQueue(find('conflicts'), async (id, key, word) => {
  const response = await fetch(`/v1/conflicts/${id}/resolution`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(word),
  })
  if (response.ok) return
  const { detail } = await response.json().catch(() => ({}))
  throw new Error(detail ?? `The node answered ${response.status}`)
})

function storeCard(edge) {
  const card = document.createElement('li')
  const detail = [
    `${number.format(edge.seq)} facts`,
    behind(edge),
    edge.program === 0 ? '' : `program ${edge.program}`,
    edge.software,
    edge.store.zone,
    edge.certificate === null ? '' : `TLS until ${day.format(new Date(edge.certificate.ends_at))}`,
  ]
  card.append(
    element('strong', '', edge.store.name),
    standing(edge),
    ...(edge.certificate?.ending === true
      ? [pill('warn', `TLS ends ${day.format(new Date(edge.certificate.ends_at))}`)]
      : []),
    element('small', '', detail.filter((part) => part !== '').join(' · ')),
  )
  return card
}

/** An edge that is away goes on selling: what waits there is only known as of its last word. */
function behind({ lag, connected, last_contact: lastContact }) {
  const waiting = lag === 0 ? 'up to date' : `${number.format(lag)} behind`
  return connected || lastContact === null
    ? waiting
    : `${waiting} when last heard, ${dayTime.format(new Date(lastContact))}`
}

function standing({ state, connected, upgrade, last_contact: lastContact }) {
  if (state === 'pending') return pill('bad', 'a copy: approve or retire it')
  if (state === 'retired') return pill('bad', 'retired')
  if (upgrade === 'store') return pill('bad', 'its software is too old for this cloud: upgrade the store')
  if (upgrade === 'cloud') return pill('bad', 'its software is newer than this cloud: upgrade the cloud')
  if (connected) return pill('good', 'connected')
  return pill('warn', lastContact === null ? 'never connected' : `away for ${ago(lastContact)}`)
}

function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`
}

function activityRow(activity, withStore) {
  const row = document.createElement('li')
  const time = element('time', '', clockTime.format(new Date(activity.time)))
  time.dateTime = activity.time
  time.title = dayTime.format(new Date(activity.time))
  row.append(time)
  if (withStore) row.append(element('span', 'store', activity.store.name))
  row.append(element('span', 'text', withStore ? activity.text : `${activity.store.name}: ${activity.text}`))
  const { points } = activity
  const sign = points > 0 ? 'up' : points < 0 ? 'down' : ''
  row.append(
    element('span', `points ${sign}`, points === 0 ? '' : `${points > 0 ? '+' : ''}${number.format(points)}`),
  )
  return row
}

function needsAttention({ kind, goodwill }) {
  return kind === 'correction' || kind === 'notice' || kind === 'conflict' || goodwill !== 0
}

/** Puts rows on top of a list and lets the oldest go. */
function prepend(list, rows) {
  list.prepend(...rows)
  while (list.children.length > ROWS_MAX) list.lastElementChild.remove()
}

let drawing = false
/** Draws what is held at the next frame, however many activities came. */
function draw() {
  if (drawing || paused) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    const fresh = held
    held = []
    if (fresh.length === 0) return
    find('no-activities').hidden = true
    prepend(
      find('activities'),
      fresh.slice(0, ROWS_MAX).map((item) => (item.gap ? gapRow(item.gap) : activityRow(item, true))),
    )
    const attention = fresh.filter((item) => !item.gap && needsAttention(item))
    if (attention.length > 0) find('no-attention').hidden = true
    prepend(
      find('attention'),
      attention.slice(0, ROWS_MAX).map((item) => activityRow(item, false)),
    )
  })
}

function gapRow(text) {
  return element('li', 'gap', text)
}

/** Keeps the newest of all, and the newest of those that need attention. */
function hold(items) {
  const fresh = items.toReversed()
  const rest = [...fresh, ...held]
  held = rest
    .filter((item, index) => index < ROWS_MAX || (!item.gap && needsAttention(item)))
    .slice(0, 4 * ROWS_MAX)
}

function showRate() {
  const now = Date.now()
  while (arrivals.length > 0 && arrivals[0].at < now - RATE_WINDOW_MS) arrivals.shift()
  const count = arrivals.reduce((sum, arrival) => sum + arrival.count, 0)
  const perSecond = count / (RATE_WINDOW_MS / 1000)
  find('rate').textContent = count === 0 ? '' : `${number.format(Math.round(perSecond * 10) / 10)} a second`
}

// --- the feed

const STATES = {
  connecting: ['unknown', 'connecting'],
  live: ['good', 'live'],
  waiting: ['bad', 'reconnecting'],
  refused: ['bad', 'refused'],
  closed: ['unknown', 'not connected'],
}

function watch() {
  client = new FeedClient({
    url: location.origin,
    token,
    onActivities(activities) {
      arrivals.push({ at: Date.now(), count: activities.length })
      totalsStale = true
      hold(activities)
      draw()
    },
    onMissed() {
      hold([{ gap: 'The log does not go on where this page stood; what follows are the newest activities.' }])
      draw()
    },
    onState(state) {
      showLine(...STATES[state])
      if (state === 'refused') login('This token is not, or no longer, valid here.')
    },
  })
}

// --- starting

async function start(given) {
  token = given
  const [totals] = await Promise.all([showTotals(), showStores(), showProgram()])
  const { items } = await ask(`/v1/notices?limit=${ROWS_MAX}&after=${Math.max(0, totals.position - 20_000)}`)
  const from = Math.max(0, totals.position - RECENT)
  const older = items.filter(({ position }) => position <= from)
  if (older.length > 0) {
    find('no-attention').hidden = true
    prepend(find('attention'), older.toReversed().map(noticeRow))
  }
  find('login').hidden = true
  find('live').hidden = false
  find('pause').hidden = false
  watch()
  every(EDGES_EVERY_MS, showStores)
  every(TOTALS_EVERY_MS, showTotals)
  every(EDGES_EVERY_MS, showConflicts)
  every(10 * EDGES_EVERY_MS, showProgram)
  setInterval(showRate, 1_000)
}

function noticeRow(notice) {
  return activityRow(
    { time: notice.time, store: { name: `Store ${notice.store}` }, text: notice.text, points: 0 },
    false,
  )
}

function login(refused) {
  find('login').hidden = false
  find('refused').textContent = refused
  showLine('unknown', 'not connected')
}

find('login').addEventListener('submit', (event) => {
  event.preventDefault()
  const given = find('token').value.trim()
  history.replaceState(null, '', `#token=${encodeURIComponent(given)}`)
  // What was shown under a token that was taken back is not gone on with.
  if (client === undefined) void begin(given)
  else location.reload()
})

find('pause').addEventListener('click', () => {
  paused = !paused
  find('pause').textContent = paused ? 'Go on' : 'Pause'
  draw()
})

async function begin(given) {
  if (given === '') return login('')
  try {
    await start(given)
  } catch (cause) {
    if (cause instanceof Refused) return login(cause.message)
    showLine('bad', 'the node does not answer')
    setTimeout(() => void begin(given), RETRY_MS)
  }
}

void begin(new URLSearchParams(location.hash.slice(1)).get('token') ?? '')
