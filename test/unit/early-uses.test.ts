// CON-6: uses of a voucher that come canonically before its issue, or after it is forgotten, over a real store, in whatever order the facts come.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownHeader } from '../../cloud/domain/ingest/own-facts.ts'
import { voucherCode } from '../../cloud/evaluation/spending/entitlements.ts'
import type { VoucherUse } from '../../protocol/facts.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import type { FactId } from '../../protocol/ids.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import { cloudOfTwo } from '../support/cloud-of-two.ts'
import type { CloudOfTwo } from '../support/cloud-of-two.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const MINUTE = 60_000

let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let send: CloudOfTwo['send']
let stop: CloudOfTwo['stop']
let early: FactId
let later: FactId

/** The clock of `a` was an hour ahead when it issued. */
const write = (): void => {
  const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  const issue = a.redeem({ at: T0 + 60 * MINUTE, member }, COFFEE, 0, 0)
  const code = voucherCode(SMALL_PROGRAM.voucher_secret ?? '', issue, COFFEE, 0)
  later = a.useVoucher({ at: T0 + 61 * MINUTE, member }, code)
  early = b.useVoucher({ at: T0 + 10 * MINUTE, member, key: 'early' }, code)
}
const queue = () => cloud.store.read.conflicts(cloud.tenant, false, { after: 0, limit: 50 })
const twice = async () =>
  (await queue()).flatMap(({ kind, subject, decision }) =>
    kind === 'voucher_twice' ? [[Number(subject), decision]] : [],
  )

beforeEach(async () => void ({ cloud, a, b, send, stop } = await cloudOfTwo(T0 + 70 * MINUTE)))
afterEach(() => stop())

test('CON-6 a use before the issue is told of as a second one when another counts, whichever came first', async () => {
  write()
  await send(a, 1, 2)
  await send(b)
  expect(await twice()).toEqual([])
  await send(a, 3)
  expect(await twice()).toEqual([[early, null]])
  const told = await cloud.store.read.activitiesToTell(b.store, { after: 0, limit: 50 })
  expect(told.map(({ notice }) => notice?.code)).toContain('voucher_twice')
})

test('CON-6 a use before the issue is told of when it comes last', async () => {
  write()
  await send(a)
  expect(await twice()).toEqual([])
  await send(b)
  expect(await twice()).toEqual([[early, null]])
})

test('CON-6 a use before the issue is told of when two came before the issue, and the issue comes last', async () => {
  write()
  const { member } = b.facts[0] as VoucherUse
  const second = b.useVoucher({ at: T0 + 11 * MINUTE, member }, (b.facts[0] as VoucherUse).code)
  await send(b)
  expect(await twice()).toEqual([])
  await send(a, 1, 2)
  expect(await twice()).toEqual([
    [early, null],
    [second, null],
  ])
})

test('CON-6 a use before the issue is withdrawn when the other use is given back, and told of again when there is another', async () => {
  write()
  await send(a)
  await send(b)
  const { member, code } = a.facts[2] as VoucherUse
  a.takeBack({ at: T0 + 62 * MINUTE, member }, later)
  await send(a, 4)
  expect(await twice()).toEqual([[early, 'withdrawn']])
  a.useVoucher({ at: T0 + 63 * MINUTE, member }, code)
  await send(a, 5)
  expect(await twice()).toEqual([[early, null]])
})

test('CON-6 a use before the issue is withdrawn when it counts no longer', async () => {
  write()
  await send(a)
  await send(b)
  const { member } = b.facts[0] as VoucherUse
  const winner = b.grant({ at: T0 + 5 * MINUTE, member, key: 'early', promised: 5 }, 5)
  await send(b, 2)
  expect(await twice()).toEqual([[early, 'withdrawn']])
  expect((await queue()).find(({ kind }) => kind === 'voucher_twice')?.resolvedBy).toBe(winner)
})

test('CON-6 a use before the issue that was given back is none, in whatever order the facts come', async () => {
  write()
  const { member } = b.facts[0] as VoucherUse
  b.takeBack({ at: T0 + 20 * MINUTE, member }, early)
  await send(b)
  await send(a)
  expect(await twice()).toEqual([])
})

test('CON-6 a use before the issue that is given back later is withdrawn, and voids once', async () => {
  write()
  await send(a)
  await send(b)
  expect(await twice()).toEqual([[early, null]])
  const { member } = b.facts[0] as VoucherUse
  b.takeBack({ at: T0 + 20 * MINUTE, member }, early)
  b.takeBack({ at: T0 + 30 * MINUTE, member }, early)
  await send(b, 2)
  expect(await twice()).toEqual([[early, 'withdrawn']])
})

test('CON-6 a use before the issue is told of again when the void that gave it back counts no longer', async () => {
  write()
  await send(a)
  const { member } = b.facts[0] as VoucherUse
  b.takeBack({ at: T0 + 20 * MINUTE, member, key: 'void' }, early)
  await send(b)
  expect(await twice()).toEqual([])
  b.grant({ at: T0 + 5 * MINUTE, member, key: 'void', promised: 5 }, 5)
  await send(b, 3)
  expect(await twice()).toEqual([[early, null]])
})

/** Used three and a half years ago, forgotten when another was issued, handed in again. */
const writeForgotten = (): FactId => {
  const [DAY, then] = [24 * 60 * MINUTE, T0 - 1_300 * 24 * 60 * MINUTE]
  const member = a.enrol({ at: then }, [{ kind: 'card', value: '1' }])
  const issue = a.redeem({ at: then + MINUTE, member }, COFFEE, 0, 0)
  const code = voucherCode(SMALL_PROGRAM.voucher_secret ?? '', issue, COFFEE, 0)
  a.useVoucher({ at: then + 2 * MINUTE, member }, code)
  a.redeem({ at: then + 1_200 * DAY, member }, COFFEE, 0, 0)
  return b.useVoucher({ at: then + 1_250 * DAY, member }, code)
}

test('CON-6 a use of a voucher that is forgotten is told of as a second one, whichever fact came first', async () => {
  const late = writeForgotten()
  await send(a)
  await send(b)
  expect(await twice()).toEqual([[late, null]])
  const { member } = b.facts[0] as VoucherUse
  b.takeBack({ at: T0, member }, late)
  await send(b, 2)
  expect(await twice()).toEqual([[late, 'withdrawn']])
})

test('CON-6 a use of a voucher that is forgotten is told of when the facts before it come last', async () => {
  const late = writeForgotten()
  await send(b)
  expect(await twice()).toEqual([])
  await send(a)
  expect(await twice()).toEqual([[late, null]])
})

test('CON-6 a second use stays told of when the voucher turns out to be forgotten before it', async () => {
  const late = writeForgotten()
  await send(a, 1, 3)
  await send(b)
  expect(await twice()).toEqual([[late, null]])
  await send(a, 4)
  expect(await twice()).toEqual([[late, null]])
})

test('CON-6 a use before the issue counts when the issue turns out to be before it: the later one is the second then', async () => {
  const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  const first = a.redeem({ at: T0 + MINUTE, member }, COFFEE, 0, 0, { stage: 'reserved', of: NO_FACT })
  const captured = { stage: 'captured', of: first } as const
  a.redeem({ at: T0 + 60 * MINUTE, member }, COFFEE, 0, 0, captured)
  const code = voucherCode(SMALL_PROGRAM.voucher_secret ?? '', first, COFFEE, 0)
  later = a.useVoucher({ at: T0 + 61 * MINUTE, member }, code)
  early = b.useVoucher({ at: T0 + 10 * MINUTE, member }, code)
  b.redeem({ at: T0 + 5 * MINUTE, member }, COFFEE, 0, 0, captured)
  await send(a)
  await send(b, 1, 1)
  expect(await twice()).toEqual([[early, null]])
  await send(b, 2)
  expect(await twice()).toEqual([
    [early, 'withdrawn'],
    [later, null],
  ])
})

test('CON-6 a use before the issue is told of when a merge brings it to the voucher', async () => {
  const member = a.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  const other = b.enrol({ at: T0 }, [{ kind: 'card', value: '2' }])
  const issue = a.redeem({ at: T0 + 60 * MINUTE, member }, COFFEE, 0, 0)
  const code = voucherCode(SMALL_PROGRAM.voucher_secret ?? '', issue, COFFEE, 0)
  a.useVoucher({ at: T0 + 61 * MINUTE, member }, code)
  early = b.useVoucher({ at: T0 + 10 * MINUTE, member: other }, code)
  await send(a)
  await send(b)
  expect(await twice()).toEqual([])
  await cloud.ingest.record(cloud.tenant, async (_, own) => {
    const header = { ...(await own.place()), key: 'm-1', program: 1 as never, member }
    await own.append({ ...ownHeader('merge', header), merged: other })
  })
  expect(await twice()).toEqual([[early, null]])
})
