// The manager's live page. It holds a place (epoch, position) in the store's feed and never shows a position twice or passes one over without
// saying so: pausing and losing the line are the same thing, an end at a place, and going on from it. Everything from outside is written
// with textContent.
const TOKEN = 'tillstream-token'
const ROWS_MAX = 200
const STATUS_MS = 2_000
const BACKOFF_MS = [250, 5_000]
const HISTORY_PAGES_MAX = 20
const HISTORY_PAGE = 500

const KINDS = {
  sale: 'Sale',
  return: 'Return',
  void: 'Void',
  checkin: 'Check-in',
  enrolment: 'New member',
  grant: 'Points given',
  redemption: 'Redemption',
  voucher_use: 'Voucher used',
  adjustment: 'Adjustment',
  correction: 'Correction',
  synced: 'Synced',
  link: 'Connection',
  program: 'Program',
  notice: 'Notice',
  conflict: 'Conflict',
}
const GIVES = new Set(['sale', 'checkin', 'enrolment', 'grant'])

const at = (id) => document.getElementById(id)
const amountFormat = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const countFormat = new Intl.NumberFormat()
const amountText = (minor) => amountFormat.format(minor / 100)

let token = takeToken()
let formats = formatsOf('UTC')
let place = null
let socket = null
let paused = false
let attempt = 0
let statusTimer = 0
/** Today's facts that the totals hold, so that history and feed never count one twice. */
let day = emptyDay('')

/** The store's wall clock, wherever the browser is. Made once: a formatter costs as much as a hundred rows. */
function formatsOf(zone) {
  return {
    zone,
    time: new Intl.DateTimeFormat(undefined, {
      timeZone: zone,
      hourCycle: 'h23',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }),
    day: new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }),
  }
}

const timeText = (text) => formats.time.format(new Date(text))
const dayKey = (date) => formats.day.format(date)

function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given !== null) {
    sessionStorage.setItem(TOKEN, given)
    // The secret does not stay in the address bar or the history.
    history.replaceState(null, '', location.pathname)
  }
  return sessionStorage.getItem(TOKEN)
}

async function ask(path) {
  const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } })
  if (response.status === 401 || response.status === 403) {
    askForToken((await response.json()).detail)
    return null
  }
  if (!response.ok) throw new Error(`status ${response.status}`)
  return response.json()
}

function askForToken(why) {
  token = null
  sessionStorage.removeItem(TOKEN)
  clearTimeout(statusTimer)
  closeFeed()
  at('refused').textContent = why ?? ''
  at('login').hidden = false
  at('live').hidden = true
  at('pills').hidden = true
}

async function start() {
  at('login').hidden = true
  try {
    if (!(await showStatus())) return
    at('live').hidden = false
    at('pills').hidden = false
    openFeed()
    await loadDay()
  } catch {
    lostNode()
    setTimeout(start, BACKOFF_MS[1])
  }
}

// Status

async function showStatus() {
  clearTimeout(statusTimer)
  const status = await ask('/v1/status')
  if (status === null) return false
  if (status.store.zone !== formats.zone) formats = formatsOf(status.store.zone)
  document.title = `${status.store.name} – Tillstream`
  at('store').textContent = status.store.name
  at('program').textContent =
    status.program === null ? 'no program yet' : `${status.program.name}, version ${status.program.version}`
  showLink(status)
  if (day.key !== '' && day.key !== dayKey(new Date(status.time))) void loadDay()
  statusTimer = setTimeout(() => showStatus().catch(lostNode), STATUS_MS)
  return true
}

function pill(target, state, text) {
  target.dataset.state = state
  target.textContent = text
}

function banner(state, text) {
  const target = at('banner')
  target.hidden = text === ''
  target.dataset.state = state
  // A screen reader reads it out again when it is written again.
  if (target.textContent !== text) target.textContent = text
}

function showLink({ link, unsynced, oldest_unsynced_at: oldest }) {
  const waiting = `${countFormat.format(unsynced)} waiting`
  pill(at('sync'), unsynced === 0 ? 'good' : 'warn', unsynced === 0 ? 'all synced' : waiting)
  if (link.state === 'online') {
    pill(at('link'), 'good', 'online')
    banner('', '')
  } else if (link.state === 'fenced') {
    pill(at('link'), 'bad', 'not syncing')
    banner(
      'bad',
      'The cloud knows another history of this store than this node (a copied disk or a restored backup). Sales go on and are kept here, ' +
        'but nothing is sent until HQ decides.',
    )
  } else {
    pill(at('link'), 'warn', link.state)
    const last =
      link.last_word_at === null
        ? 'The cloud has not been heard yet.'
        : `Last word from the cloud: ${timeText(link.last_word_at)}.`
    const since = oldest === null ? '' : ` The oldest waiting since ${timeText(oldest)}.`
    banner(
      'warn',
      `No connection to the cloud. Selling and earning go on here; points are provisional and spending them has to wait. ${last} ` +
        `${unsynced === 0 ? 'Nothing is waiting to be sent.' : `${waiting} to be sent.`}${since}`,
    )
  }
}

function lostNode() {
  clearTimeout(statusTimer)
  pill(at('link'), 'bad', 'node not reachable')
  pill(at('sync'), 'unknown', 'not known')
  banner(
    'bad',
    'This page has lost the store node. What you see is what was known then; it goes on by itself when the node answers.',
  )
  if (token !== null) statusTimer = setTimeout(() => showStatus().catch(lostNode), STATUS_MS)
}

// Feed

function openFeed() {
  if (paused || token === null) return
  const query = new URLSearchParams({ token })
  if (place !== null) {
    query.set('epoch', place.epoch)
    query.set('after', place.after)
  }
  const mine = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/v1/feed?${query}`)
  socket = mine
  mine.addEventListener('message', ({ data }) => {
    if (socket === mine) take(JSON.parse(data))
  })
  mine.addEventListener('close', ({ code }) => {
    if (socket !== mine) return
    socket = null
    if (code === 4401) askForToken('This token is no longer valid.')
    else again()
  })
}

function closeFeed() {
  const open = socket
  socket = null
  open?.close()
}

/** Full jitter, so that the pages of a chain do not come back as one when a node restarts. */
function again() {
  const wait = Math.random() * Math.min(BACKOFF_MS[1], BACKOFF_MS[0] * 2 ** attempt++)
  setTimeout(() => {
    if (socket === null) openFeed()
  }, wait)
}

function take(frame) {
  if (frame.type === 'welcome') {
    attempt = 0
    // A place that is not known any more: say that something is missing instead of pretending.
    if (place !== null && !frame.recovered) showGap()
    if (place === null || !frame.recovered) place = { epoch: frame.epoch, after: 0 }
    return
  }
  for (const activity of frame.activities) {
    if (activity.epoch === place.epoch && activity.position <= place.after) continue
    place = { epoch: activity.epoch, after: activity.position }
    show(activity)
  }
}

function element(name, className, text) {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.textContent = text
  return made
}

/** Rows that wait for the next picture; a hidden page draws none, so only the newest are kept. */
let fresh = []

function add(row) {
  fresh.push(row)
  if (fresh.length > ROWS_MAX) fresh.shift()
  if (fresh.length === 1) requestAnimationFrame(draw)
}

function draw() {
  const rows = at('rows')
  rows.prepend(...fresh.toReversed())
  fresh = []
  while (rows.children.length > ROWS_MAX) rows.lastElementChild.remove()
  at('empty').hidden = true
  if (day.shown !== day.facts.size) showToday()
}

function showGap() {
  add(
    element(
      'li',
      'gap',
      'Older activities are not shown: this page was away longer than the node keeps them.',
    ),
  )
}

function show(activity) {
  const row = document.createElement('li')
  row.dataset.position = activity.position
  const time = element('time', '', timeText(activity.time))
  time.dateTime = activity.time
  const marks = element('span', 'marks', '')
  if (activity.points !== 0)
    marks.append(
      element(
        'span',
        'points',
        `${activity.points > 0 ? '+' : '−'}${countFormat.format(Math.abs(activity.points))} p`,
      ),
    )
  if (activity.tier !== null) marks.append(stateMark('good', activity.tier))
  if (activity.vouchers > 0)
    marks.append(stateMark('good', activity.vouchers === 1 ? 'voucher' : `${activity.vouchers} vouchers`))
  if (activity.status === 'provisional') marks.append(stateMark('warn', 'provisional'))
  row.append(
    time,
    element('span', 'kind', KINDS[activity.kind] ?? activity.kind),
    element('span', 'what', activity.text),
    marks,
  )
  add(row)
  if (activity.fact !== null && activity.kind !== 'correction')
    count({ ...activity, id: activity.fact, at: activity.time })
}

function stateMark(state, text) {
  const mark = element('span', 'pill', text)
  mark.dataset.state = state
  return mark
}

// Today

/** True when the fact is of today. */
function count({ id, kind, at: time, amount, points }) {
  if (dayKey(new Date(time)) !== day.key) return false
  if (day.facts.has(id)) return true
  day.facts.add(id)
  if (kind === 'sale') {
    day.sales += 1
    day.amount += amount ?? 0
  } else if (kind === 'return') {
    day.returns += 1
    day.amount -= amount ?? 0
  }
  if (GIVES.has(kind) && points > 0) day.points += points
  return true
}

function showToday() {
  day.shown = day.facts.size
  at('total-sales').textContent = countFormat.format(day.sales)
  at('total-amount').textContent = amountText(day.amount)
  at('total-returns').textContent = countFormat.format(day.returns)
  at('total-points').textContent = countFormat.format(day.points)
  at('note').textContent = day.whole
    ? ''
    : `Totals are of the latest ${countFormat.format(day.facts.size)} records of today.`
}

function emptyDay(key) {
  return { key, facts: new Set(), shown: 0, sales: 0, amount: 0, returns: 0, points: 0, whole: false }
}

async function loadDay() {
  day = emptyDay(dayKey(new Date()))
  const { key } = day
  let before = ''
  for (let page = 0; page < HISTORY_PAGES_MAX; page++) {
    const history = await ask(`/v1/history?limit=${HISTORY_PAGE}${before}`)
    if (history === null || day.key !== key) return
    // Newest first; a page without a single fact of today means that the rest is older.
    const ofToday = history.facts.filter((fact) => count(fact)).length
    if (history.next === null || ofToday === 0) {
      day.whole = true
      break
    }
    before = `&before=${history.next}`
  }
  showToday()
}

at('pause').addEventListener('click', () => {
  paused = !paused
  at('pause').textContent = paused ? 'Go on' : 'Pause'
  if (paused) closeFeed()
  else openFeed()
})
at('login').addEventListener('submit', (event) => {
  event.preventDefault()
  token = at('token').value.trim()
  at('token').value = ''
  sessionStorage.setItem(TOKEN, token)
  void start()
})

if (token === null) askForToken()
else void start()
