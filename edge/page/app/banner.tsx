// What is wrong, in plain words: what works, what does not, since when.
import { reachable, status } from './watching.ts'
import { countText, timeText } from './words.ts'

export function Banner() {
  const [state, text] = said()
  return (
    <p class="banner" role="status" data-state={state} hidden={text === ''}>
      {text}
    </p>
  )
}

function said(): readonly [state: string, text: string] {
  const told = status.value
  if (!reachable.value)
    return [
      'bad',
      'This page has lost the store node. What you see is what was known then; it goes on by itself when the node answers.',
    ]
  if (told === null) return ['', '']
  const { link, unsynced, oldest_unsynced_at: oldest } = told
  if (link.state === 'online') return ['', '']
  if (link.state === 'fenced')
    return [
      'bad',
      'The cloud knows another history of this store than this node (a copied disk or a restored backup). Sales go on and are kept here, but nothing is sent until HQ decides.',
    ]
  const last =
    link.last_word_at === null
      ? 'The cloud has not been heard yet.'
      : `Last word from the cloud: ${timeText(link.last_word_at)}.`
  const waiting =
    unsynced === 0
      ? 'Nothing is waiting to be sent.'
      : `${countText(unsynced)} records wait to be sent${oldest === null ? '' : `, the oldest since ${timeText(oldest)}`}; none is lost.`
  return [
    'warn',
    `No connection to the cloud. Selling, earning, returns and new members go on here; points are provisional. Spending works as far as HQ has lent to this store. ${last} ${waiting}`,
  ]
}
