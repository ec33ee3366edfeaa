// What a POS posts through an API and what terminals sell through a store's ledger, of the same customer.
import { expect, test } from 'vitest'
import type { RuleId } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { Transactions } from '../../cloud/domain/accounts/operations/transactions.ts'
import type { Posted } from '../../cloud/domain/accounts/operations/transactions.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { HQ_PROGRAM, VISIT } from '../support/hq-program.ts'
import { COFFEE, PER_POUND } from '../support/programs.ts'

const NOW = Date.UTC(2026, 5, 3, 12)
const HOUR = 3_600_000

test('OP-13 what is posted and what stores sell feed one fold: a sale that comes late goes before what was posted after it', async () => {
  const directory = freshDirectory(true)
  const cloud = new CloudCore(directory.path, { now: () => NOW })
  await cloud.found(HQ_PROGRAM)
  await cloud.project()
  const store = await cloud.addStore()
  const transactions = new Transactions(cloud)
  const post = (perk: RuleId): Promise<Result<Posted>> =>
    transactions.post(cloud.tenant, {
      who: { email: 'ann@example.org' },
      location: store.store,
      perk,
      quantity: 1,
      sourceId: '',
      at: null,
      mayEarn: true,
      mayRedeem: true,
      onlyFor: null,
      oncePerDay: false,
      voucherStatus: null,
      sendEmail: false,
    })
  const ann = store.enrol({ at: NOW - 2 * HOUR }, [{ kind: 'email', value: 'ann@example.org' }], 'Ann')
  await cloud.ingest.submit(store.origin, store.batch())
  store.sale({ at: NOW - HOUR, member: ann }, [{ sku: 'TEA', amount: 60_000 }])
  expect(await post(VISIT)).toMatchObject({ value: [{ member: ann, points: 5 }] })
  expect(await post(COFFEE)).toMatchObject({ refusal: { code: 'points_insufficient' } })

  await cloud.ingest.submit(store.origin, store.batch(2))
  const [sold] = await cloud.store.read.accountRows('transactions', { member: ann, rule: PER_POUND })
  expect(sold).toMatchObject({ points: 600, location: store.store, at: NOW - HOUR })
  expect(await post(COFFEE)).toMatchObject({
    value: [{ classification: 'REDEEM', member: ann, points: 100 }],
  })
  const [customer] = await cloud.store.read.accountRows('connections', { member: ann })
  expect(customer?.balance).toBe(50 + 600 + 5 - 100)
  // Saved states are what all facts come to in their order, whatever the order they came in.
  await cloud.outcomes()
  const kinds = (await cloud.store.read.factsOfMember(ann)).map(({ kind }) => kind)
  expect(kinds).toEqual(['enrolment', 'sale', 'activity', 'redemption'])
  await cloud.store.close()
  directory.remove()
})
