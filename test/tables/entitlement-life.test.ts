// E-ENT-2: every status, every step. A cell is what the step makes of an entitlement in that status; `.` is a conflict that changes nothing.
import { expect, test } from 'vitest'
import {
  ENTITLEMENT_STATUSES,
  LIVE,
  statusOfNumber,
} from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import type { EntitlementStatus } from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import { program, tell } from './story.ts'

const STEPS = 'use approve clip unclip reserve release process ship fulfil claim cancel fail expire'.split(
  ' ',
)

const TABLE = `
pending    |  .    unused  .        .        .         .       .           .         .          .     cancelled  .        expired
offered    |  .    .       clipped  .        .         .       .           .         .          .     cancelled  .        expired
clipped    |  used .       .        offered  reserved  .       .           .         .          .     cancelled  .        expired
unused     |  used .       .        .        reserved  .       .           .         .          used  cancelled  .        expired
issued     |  used .       .        .        reserved  .       .           .         .          used  cancelled  .        expired
reserved   |  used .       .        .        .         unused  processing  .         fulfilled  .     cancelled  .        expired
used       |  .    .       .        .        .         .       processing  .         fulfilled  .     .          .        .
processing |  .    .       .        .        .         .       .           shipping  fulfilled  .     cancelled  errored  expired
shipping   |  .    .       .        .        .         .       .           .         fulfilled  .     cancelled  errored  expired
fulfilled  |  .    .       .        .        .         .       .           .         .          .     .          .        .
errored    |  .    .       .        .        .         .       .           .         .          .     cancelled  .        expired
cancelled  |  .    .       .        .        .         .       .           .         .          .     .          .        .
expired    |  used .       .        .        .         .       .           .         .          .     .          .        .
`

/** The status it is issued with, and the steps that lead on from there. */
const WAYS: Readonly<Record<EntitlementStatus, string>> = {
  pending: 'pending',
  offered: 'offered',
  clipped: 'offered clip',
  unused: 'unused',
  issued: 'issued',
  reserved: 'unused reserve',
  used: 'unused use',
  processing: 'unused reserve process',
  shipping: 'unused reserve process ship',
  fulfilled: 'unused reserve process ship fulfil',
  errored: 'unused reserve process fail',
  cancelled: 'unused cancel',
  expired: 'unused expire',
}

const CELLS = TABLE.trim()
  .split('\n')
  .flatMap((row) => {
    const [from = '', ...cells] = row.replace('|', ' ').trim().split(/ +/)
    return STEPS.map((step, at) => ({ from: from as EntitlementStatus, step, to: cells[at] ?? '' }))
  })

const sentence = (step: string): string =>
  step === 'use' ? 'uses voucher 301 of #1' : `has ${step} of 301 of #1`

test('E-ENT-2 the table has every status and every step', () => {
  expect([...new Set(CELLS.map(({ from }) => from))].toSorted()).toEqual(ENTITLEMENT_STATUSES.toSorted())
  expect(CELLS).toHaveLength(ENTITLEMENT_STATUSES.length * STEPS.length)
  expect(CELLS.every(({ to }) => to !== '')).toBe(true)
})

test('E-ENT-2 what is live can be cancelled, and nothing else can', () => {
  const cancelled = CELLS.filter(({ step, to }) => step === 'cancel' && to === 'cancelled')
  expect(cancelled.map(({ from }) => from).toSorted()).toEqual(LIVE.toSorted())
})

test.each(CELLS)('E-ENT-2 $step when it is $from: $to', ({ from, step, to }) => {
  const [initial = '', ...steps] = WAYS[from].split(' ')
  const story = ['is awarded 301', ...[...steps, step].map(sentence)]
  const document = program({
    redeem_perks: [{ id: 301, title: 'Gift', points: 0, voucher: { initial_status: initial } }],
  })
  const told = tell(
    document,
    story.map((what, minute) => `2024-03-04 10:${String(minute).padStart(2, '0')} | ${what} | 0`),
  )
  const before = told.at(-2)?.after.entitlements[0]
  const after = told.at(-1)
  expect(before?.status).toBe(from)
  const status = after?.after.entitlements[0]?.status
  const [effect] = after?.effects.filter(({ kind }) => kind !== 'tier') ?? []
  if (to === '.') {
    expect(after?.after.entitlements[0]).toEqual(before)
    expect(effect?.kind).toBe(from === 'used' && step === 'use' ? 'voucher_reused' : 'entitlement_conflict')
  } else {
    expect(status).toBe(to)
    if (step === 'use') expect(effect).toMatchObject({ kind: 'voucher_used', rule: 301, amount: 1 })
    else {
      expect(effect).toMatchObject({ kind: 'entitlement', rule: 301, of: told[0]?.fact?.id })
      expect(statusOfNumber(effect?.amount ?? 0)).toBe(to)
    }
  }
})

test('E-ENT-2 a released reservation is what it was before: clipped stays clipped', () => {
  const document = program({
    redeem_perks: [{ id: 301, title: 'Gift', points: 0, voucher: { initial_status: 'offered' } }],
  })
  const told = tell(document, [
    '2024-03-04 10:00 | is awarded 301 | 0',
    '2024-03-04 10:01 | has clip of 301 of #1 | 0',
    '2024-03-04 10:02 | has reserve of 301 of #1 | 0',
    '2024-03-04 10:03 | has release of 301 of #1 | 0',
  ])
  expect(told.map(({ after }) => after.entitlements[0]?.status)).toEqual([
    'offered',
    'clipped',
    'reserved',
    'clipped',
  ])
})
