// E-ENT-5: the platforms' words for what becomes of an entitlement. Where the contracts lie beside the project they are the list; the copy here
// is what they said when it was written.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PlatformEntitlement } from '../../cloud/domain/platform-statuses.ts'
import { PLATFORM_STATUSES } from '../../cloud/domain/platform-statuses.ts'
import { ENTITLEMENT_STATUSES } from '../../cloud/evaluation/spending/entitlement-statuses.ts'

const WORDS: Readonly<Record<PlatformEntitlement, readonly string[]>> = {
  perkville_voucher: [
    'USED',
    'UNUSED',
    'EXPIRED',
    'EMAILED_REWARD',
    'PROCESSING',
    'CREDITED',
    'ISSUED',
    'VOIDED',
  ],
  cheetah_offer: [
    'pending',
    'clipped',
    'processing',
    'shipping',
    'completed',
    'cancelled',
    'errored',
    'expired',
  ],
  cheetah_redemption: ['pending', 'processing', 'completed', 'cancelled', 'errored'],
  cheetah_award: ['pending', 'awarded', 'claimed', 'cancelled'],
  cheetah_reward_certificate: ['unused', 'reserved', 'awarded', 'redeemed'],
  cheetah_offer_certificate: ['unused', 'reserved', 'awarded', 'redeemed', 'fulfilled'],
  pepper_award: ['available', 'spent'],
}

const names = Object.keys(PLATFORM_STATUSES) as PlatformEntitlement[]

describe.each(names)('E-ENT-5 %s', (name) => {
  const { ours, theirs } = PLATFORM_STATUSES[name] as {
    ours: Record<string, string>
    theirs: Record<string, string | null>
  }

  test('every word of the platform has one status of ours, and comes back as itself', () => {
    expect(Object.keys(ours).toSorted()).toEqual(WORDS[name].toSorted())
    for (const [word, status] of Object.entries(ours)) expect(theirs[status]).toBe(word)
  })

  test('every status of ours is said in a word of the platform, or not shown', () => {
    expect(Object.keys(theirs).toSorted()).toEqual(ENTITLEMENT_STATUSES.toSorted())
    for (const word of Object.values(theirs)) expect([...WORDS[name], null]).toContain(word)
  })
})

const CONTRACTS = join(import.meta.dirname, '../../../shared/contracts')

describe.runIf(existsSync(CONTRACTS))('E-ENT-5 the contracts', () => {
  const contract = (name: string): unknown =>
    JSON.parse(readFileSync(join(CONTRACTS, `${name}.json`), 'utf8'))

  test('Cheetah lists these statuses', () => {
    const { enums } = contract('cheetah') as { enums: Record<string, string[]> }
    expect(enums.offer_processing_status).toEqual(WORDS.cheetah_offer)
    expect(enums.redemption_status).toEqual(WORDS.cheetah_redemption)
    expect(enums.award_status).toEqual(WORDS.cheetah_award)
    expect(enums.reward_certificate_status).toEqual(WORDS.cheetah_reward_certificate)
    expect(enums.offer_certificate_status).toEqual(WORDS.cheetah_offer_certificate)
  })

  test('Perkville lists these statuses of its vouchers', () => {
    const { resources } = contract('perkville') as { resources: { name: string; fields?: Field[] }[] }
    const lists = resources
      .flatMap(({ fields }) => fields ?? [])
      .filter(({ name, enum: list }) => name === 'status' && list?.includes('EMAILED_REWARD') === true)
      .map(({ enum: list }) => list?.toSorted())
    expect(lists.length).toBeGreaterThan(0)
    for (const list of lists) expect(list).toEqual(WORDS.perkville_voucher.toSorted())
  })

  test('Pepper has awards with points, and no statuses of them', () => {
    const { enums } = contract('pepper') as { enums: Record<string, { values: string[] }> }
    expect(enums.awardFields?.values).toContain('points')
    expect(Object.keys(enums).filter((name) => /award.*(status|state)/i.test(name))).toEqual([])
  })
})

interface Field {
  readonly name: string
  readonly enum?: readonly string[]
}
