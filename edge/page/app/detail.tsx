// One activity, opened: its receipt, rule by rule, so that a manager can say why.
import { signal, useSignalEffect } from '@preact/signals'
import type { Activity, Explanation, Receipt } from '../../till/answers.ts'
import { NotHere, ask } from './session.ts'
import { isProvisional, opened } from './watching.ts'
import { amountText, countText, kindWord, pointsText, timeText } from './words.ts'

type Told =
  | { readonly is: 'loading' | 'none' | 'failed' }
  | { readonly is: 'receipt'; readonly receipt: Receipt; readonly why: Explanation | null }
const told = signal<Told>({ is: 'none' })

/** Of the row that was opened last. */
let position = 0

/** The focus goes into the detail, and back to its row when that is closed; to the newest where the row is gone. */
function holdFocus(close: HTMLElement | null): void {
  const rows = (which: string) => document.querySelector<HTMLElement>(`.rows ${which}`)
  const to = close ?? rows(`[data-position="${position}"]`) ?? rows('button')
  to?.focus()
}

async function load({ fact, position: at }: Activity): Promise<void> {
  position = at
  if (fact === null) {
    told.value = { is: 'none' }
    return
  }
  told.value = { is: 'loading' }
  try {
    const path = `/v1/receipts/${fact}`
    const [receipt, why] = await Promise.all([ask<Receipt>(path), ask<Explanation>(`${path}/explanation`)])
    if (opened.value?.fact === fact)
      told.value = receipt === null ? { is: 'none' } : { is: 'receipt', receipt, why }
  } catch (cause) {
    if (opened.value?.fact !== fact) return
    // What HQ or another store recorded has no receipt here.
    told.value = { is: cause instanceof NotHere ? 'none' : 'failed' }
  }
}

export function Detail() {
  useSignalEffect(() => {
    if (opened.value !== null) void load(opened.value)
  })
  const one = opened.value
  if (one === null) return null
  return (
    <div class="detail" aria-label="Detail" role="dialog">
      <button type="button" class="quiet" ref={holdFocus} onClick={() => (opened.value = null)}>
        Close
      </button>
      <h2>{kindWord(one.kind)}</h2>
      <p>
        <bdi>{one.text}</bdi>
      </p>
      <dl>
        <Fact name="When" value={timeText(one.time)} />
        <Fact name="Terminal" value={one.terminal} />
        <Fact name="Member" value={one.member} />
        <Fact name="Amount" value={one.amount === null ? null : amountText(one.amount)} />
        <Fact
          name="Standing"
          value={one.status === null ? null : isProvisional(one) ? 'provisional' : 'confirmed'}
        />
        <Fact name="Record" value={one.fact} />
      </dl>
      <Why />
    </div>
  )
}

function Fact({ name, value }: { name: string; value: string | null }) {
  if (value === null) return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  )
}

function Why() {
  const { value } = told
  if (value.is === 'loading') return <p class="hint">Looking it up …</p>
  if (value.is === 'failed')
    return <p class="hint">The store node did not answer; close and open it again.</p>
  if (value.is !== 'receipt') return null
  const { entries, member, tier_change: change, vouchers, notes } = value.receipt
  return (
    <>
      <h3>Why these points</h3>
      {entries.length === 0 ? (
        <p class="hint">No perk or bonus gave anything.</p>
      ) : (
        <ul class="entries">
          {entries.map(({ rule, title, points, metric }, index) => (
            <li key={`${rule}-${index}`}>
              <bdi>{title}</bdi>{' '}
              <span class="points">{pointsText(points, metric === undefined ? ' p' : '')}</span>
            </li>
          ))}
        </ul>
      )}
      {change === null ? null : (
        <p>
          Tier: {change.from ?? 'none'} → {change.to}
        </p>
      )}
      {vouchers.map(({ code, title }) => (
        <p key={code}>
          Voucher <bdi>{title}</bdi>, ends in …{code.slice(-3)}
        </p>
      ))}
      {member === null ? null : <p class="hint">Balance after it: {countText(member.balance)} points.</p>}
      {notes.map((note) => (
        <p key={note} class="hint">
          {note.replaceAll('_', ' ')}
        </p>
      ))}
      <Near why={value.why} />
    </>
  )
}

/** What lacked, and why what gave nothing gave nothing. */
function Near({ why }: { why: Explanation | null }) {
  if (why === null) return null
  const near = why.near.map(
    ({ title, missing, unit }) => [title, `${countText(missing)} ${unit} more`] as const,
  )
  const hints = why.considered.flatMap(({ title, hint }) => (hint === null ? [] : [[title, hint] as const]))
  return (
    <>
      {why.as_it_was ? null : <p class="hint">As the member stands now:</p>}
      <Lines name="Nearly reached" lines={near} />
      <Lines name="Why not more" lines={hints} />
    </>
  )
}

function Lines({
  name,
  lines,
}: {
  name: string
  lines: readonly (readonly [title: string, text: string])[]
}) {
  if (lines.length === 0) return null
  return (
    <>
      <h3>{name}</h3>
      <ul class="near">
        {lines.map(([title, text], index) => (
          <li key={index}>
            <bdi>{title}</bdi>: <bdi>{text}</bdi>
          </li>
        ))}
      </ul>
    </>
  )
}
