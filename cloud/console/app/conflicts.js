// The queue of conflicts on the overview page, oldest first, and a person's word on each, which becomes a fact (CON-2, CON-5). The list is asked for again
// and again: a row stays as it is, with what is being written in it, as long as its conflict is open.
import { element } from './element.js'

const dayTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' })
const STANDS = [['accepted', 'Let it stand']]
const SET_ASIDE = [
  ['approved', 'Approve'],
  ['rejected', 'Reject'],
]

export class ConflictQueue {
  #list
  #resolve
  #rows = new Map()
  /** Whoever decides one decides the next. */
  #by = ''

  /** `resolve(id, key, word)` makes the fact; its failure is told with the sentence it throws. */
  constructor(list, resolve) {
    this.#list = list
    this.#resolve = resolve
  }

  show(items) {
    const open = new Set(items.map(({ id }) => id))
    for (const id of this.#rows.keys()) if (!open.has(id)) this.#drop(id)
    for (const item of items) if (!this.#rows.has(item.id)) this.#add(item)
  }

  #drop(id) {
    this.#rows.get(id)?.remove()
    this.#rows.delete(id)
  }

  #add({ id, kind, time, text }) {
    const row = document.createElement('li')
    const when = element('time', '', dayTime.format(new Date(time)))
    when.dateTime = time
    const decide = element('button', '', 'Decide')
    decide.type = 'button'
    decide.setAttribute('aria-label', `Decide on conflict ${id}`)
    decide.addEventListener('click', () => {
      decide.hidden = true
      const form = this.#form(id, kind === 'quarantined' ? SET_ASIDE : STANDS)
      row.append(form)
      form.elements.reason.focus()
    })
    const named = element('span', 'store', `#${id} ${kind.replaceAll('_', ' ')}`)
    row.append(when, named, element('span', 'text', text), decide)
    this.#rows.set(id, row)
    this.#list.append(row)
  }

  #form(id, words) {
    const form = document.createElement('form')
    const refused = element('p', 'refused', '')
    refused.setAttribute('role', 'alert')
    form.append(field('reason', 'Why', ''), field('by', 'Your name', this.#by))
    for (const [decision, text] of words) {
      const button = element('button', '', text)
      button.value = decision
      form.append(button)
    }
    form.append(refused)
    // One word of one person, however often it is sent.
    const key = `overview-${id}-${Date.now()}`
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const [reason, by] = ['reason', 'by'].map((name) => form.elements[name].value.trim())
      this.#by = by
      const word = { decision: event.submitter?.value ?? words[0][0], reason, by }
      const working = (on) => {
        for (const button of form.querySelectorAll('button')) button.disabled = on
      }
      working(true)
      this.#resolve(id, key, word).then(
        () => this.#drop(id),
        (cause) => {
          refused.textContent = cause.message
          working(false)
        },
      )
    })
    return form
  }
}

function field(name, text, value) {
  const label = element('label', '', `${text} `)
  const input = document.createElement('input')
  Object.assign(input, { name, value, required: true, maxLength: 100, autocomplete: 'off' })
  label.append(input)
  return label
}
