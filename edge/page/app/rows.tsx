// The activities, newest first. A row is a button: Enter and click open its detail, the arrows go from row to row.
import type { Activity } from '../../till/answers.ts'
import { Pill } from './header.tsx'
import type { Row } from './watching.ts'
import { isProvisional, opened, shown } from './watching.ts'
import { kindWord, pointsText, timeText } from './words.ts'

function moveFocus(event: KeyboardEvent): void {
  const step =
    event.key === 'ArrowDown'
      ? 'nextElementSibling'
      : event.key === 'ArrowUp'
        ? 'previousElementSibling'
        : null
  if (step === null || !(event.target instanceof HTMLElement)) return
  const next = event.target.closest('li')?.[step]?.querySelector('button')
  if (next === null || next === undefined) return
  event.preventDefault()
  next.focus()
}

export function Rows() {
  if (shown.value.length === 0)
    return <p class="empty">Nothing to show yet. What happens in the store appears here by itself.</p>
  return (
    <ol class="rows" aria-label="Activities, newest first" onKeyDown={moveFocus}>
      {shown.value.map((row) => (
        <Line key={'gap' in row ? row.position : `${row.epoch}:${row.position}`} row={row} />
      ))}
    </ol>
  )
}

function Line({ row }: { row: Row }) {
  if ('gap' in row)
    return (
      <li class="gap">Activities are missing here: this page was away longer than the node keeps them.</li>
    )
  return (
    <li>
      <button
        type="button"
        onClick={() => (opened.value = row)}
        data-kind={row.kind}
        data-position={row.position}
      >
        <time dateTime={row.time}>{timeText(row.time)}</time>
        <span class="kind">{kindWord(row.kind)}</span>
        <bdi class="what">{row.text}</bdi>
        <Marks one={row} />
      </button>
    </li>
  )
}

function Marks({ one }: { one: Activity }) {
  return (
    <span class="marks">
      {one.points === 0 ? null : <span class="points">{pointsText(one.points)}</span>}
      {one.tier === null ? null : <Pill state="good" text={one.tier} />}
      {one.vouchers === 0 ? null : (
        <Pill state="good" text={one.vouchers === 1 ? 'voucher' : `${one.vouchers} vouchers`} />
      )}
      {isProvisional(one) ? <Pill state="warn" text="provisional" /> : null}
    </span>
  )
}
