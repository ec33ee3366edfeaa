// E-ENT-2: every status, every step. A cell is what the step makes of an entitlement in that status; `.` is a conflict that changes nothing.
import { expect, test } from 'vitest'
import {
  ENTITLEMENT_STATUSES,
  LIVE,
  statusOfNumber,
} from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import type { EntitlementStatus } from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import { program, tell } from './story.ts'

const STEPS =
  'use approve clip unclip reserve release process ship fulfil claim cancel fail expire reinstate redate'.split(
    ' ',
  )

const TABLE = `
pending    |  .    unused  .        .        .         .       .           .         .          .     cancelled  .        expired    .          pending
offered    |  .    .       clipped  .        .         .       .           .         .          .     cancelled  .        expired    .          offered
clipped    |  used .       .        offered  reserved  .       .           .         .          .     cancelled  .        expired    .          clipped
unused     |  used .       .        .        reserved  .       .           .         .          used  cancelled  .        expired    .          unused
issued     |  used .       .        .        reserved  .       .           .         .          used  cancelled  .        expired    unused     issued
reserved   |  used .       .        .        .         unused  processing  .         fulfilled  .     cancelled  .        expired    .          reserved
used       |  .    .       .        .        .         .       processing  .         fulfilled  .     .          .        .          unused     .
processing |  .    .       .        .        .         .       .           shipping  fulfilled  .     cancelled  errored  expired    .          processing
shipping   |  .    .       .        .        .         .       .           .         fulfilled  .     cancelled  errored  expired    .          shipping
fulfilled  |  .    .       .        .        .         .       .           .         .          .     .          .        .          .          .
errored    |  .    .       .        .        .         .       .           .         .          .     cancelled  .        expired    .          errored
cancelled  |  .    .       .        .        .         .       .           .         .          .     .          .        .          .          .
expired    |  used .       .        .        .         .       .           .         .          .     .          .        .          unused     .
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

const GIFT = program({ redeem_perks: [{ id: 301, title: 'Gift', points: 0, voucher: { valid_days: 2 } }] })
const day = (date: string): number => Date.parse(`${date}T00:00:00Z`)

test('E-ENT-9 another last day, or none, and one that is over is a conflict', () => {
  const told = tell(GIFT, [
    '2024-03-04 10:00 | is awarded 301 | 0',
    '2024-03-04 10:01 | has redate of 301 of #1 until 2024-03-20 | 0',
    '2024-03-04 10:02 | has redate of 301 of #1 until 2024-03-03 | 0',
    '2024-03-05 10:00 | has redate of 301 of #1 | 0',
  ])
  expect(told.map(({ after }) => after.entitlements[0]?.expires)).toEqual([
    day('2024-03-07'),
    day('2024-03-21'),
    day('2024-03-21'),
    0,
  ])
  expect(told[2]?.effects.map(({ kind }) => kind)).toContain('entitlement_conflict')
})

test('E-ENT-9 what has ended is reinstated without an end, or with the one it is given, and can be used', () => {
  const told = tell(GIFT, [
    '2024-03-04 10:00 | is awarded 301 | 0',
    '2024-03-08 10:00 | has reinstate of 301 of #1 | 0',
    '2024-03-08 10:01 | has expire of 301 of #1 | 0',
    '2024-03-08 10:02 | has reinstate of 301 of #1 until 2024-03-09 | 0',
    '2024-03-12 10:00 | has reinstate of 301 of #1 until 2024-03-31 | 0',
    '2024-03-12 10:01 | uses voucher 301 of #1 | 0',
  ])
  // E-ENT-2: it ended before the day of the fact, which tells only what became of it.
  const said = told[1]?.effects.filter(({ kind }) => kind === 'entitlement').map(({ amount }) => amount)
  expect(said?.map(statusOfNumber)).toEqual(['unused'])
  const held = told.map(({ after }) => after.entitlements[0])
  expect(held.map((one) => one?.status)).toEqual(['unused', 'unused', 'expired', 'unused', 'unused', 'used'])
  expect(held.map((one) => one?.expires)).toEqual([
    day('2024-03-07'),
    0,
    0,
    day('2024-03-10'),
    day('2024-04-01'),
    day('2024-04-01'),
  ])
})
