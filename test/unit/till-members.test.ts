// Members at the till: who is meant, who is enrolled, and what their local state is.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { foldFacts, NOTHING_EARLIER } from '../../cloud/evaluation/fold.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { STATE_FORMAT, decodeState, newState } from '../../cloud/evaluation/state.ts'
import { Cards } from '../../edge/till/cards.ts'
import { maskedMember } from '../../edge/till/wording.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact, Identity } from '../../protocol/facts.ts'
import type { FactId, MemberId, RuleId, Seq } from '../../protocol/ids.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'
import { NOW, ORIGIN, TillUnderTest, sale, stranger } from '../support/till-under-test.ts'

let shop: TillUnderTest

beforeEach(() => {
  shop = new TillUnderTest()
})

afterEach(() => {
  shop.remove()
})

const memberOf = (id: string): MemberId => Number(id) as MemberId

function factsOf(): Fact[] {
  return shop.ledger
    .latest(10_000)
    .map(({ bytes }) => decodeStoredFact(bytes))
    .reverse()
}

describe('enrolment', () => {
  test('M-3 identities are kept in one form, and found in any', async () => {
    const { receipt } = await shop.done('enrolment', {
      name: '  Jane Doe ',
      identities: [
        { kind: 'email', value: ' Jane.Doe@Example.COM ' },
        { kind: 'phone', value: '+44 (0) 7700-900 123' },
        { kind: 'phone', value: '+4407700900123' },
        { kind: 'card', value: ' 0042 ' },
      ],
    })
    expect(factsOf()[0]).toMatchObject({
      name: 'Jane Doe',
      member: 0,
      identities: [
        { kind: 'email', value: 'jane.doe@example.com' },
        { kind: 'phone', value: '+4407700900123' },
        { kind: 'card', value: '0042' },
      ],
    })
    for (const [kind, value] of [
      ['email', 'JANE.DOE@example.com'],
      ['phone', '+44 07700 900123'],
      ['card', '0042'],
    ] as const)
      expect(await shop.till.findMember({ kind, value })).toMatchObject({ value: { id: receipt.id } })
    expect(await shop.till.findMember({ kind: 'phone', value: '4407700900123' })).toMatchObject({
      refusal: { code: 'member_unreachable' },
    })
  })

  test('an enrolment without an identity, or with one that is none, is refused', async () => {
    expect(await shop.refused('enrolment', { identities: [] })).toBe('identity_missing')
    expect(await shop.refused('enrolment', { identities: [{ kind: 'phone', value: 'none' }] })).toBe(
      'input_invalid',
    )
    expect(await shop.refused('enrolment', { identities: [{ kind: 'card', value: '  ' }] })).toBe(
      'input_invalid',
    )
  })

  test('A-8 an identity belongs to one member: known here, twice in one group, or known to the cloud', async () => {
    await shop.member('1')
    expect(await shop.refused('enrolment', { identities: [{ kind: 'card', value: ' 1' }] })).toBe(
      'identity_taken',
    )
    const same = { identities: [{ kind: 'email' as const, value: 'a@b.c' }] }
    const both = [shop.start('enrolment', same), shop.start('enrolment', same)]
    await shop.system.settle()
    expect((await Promise.all(both)).map(({ ok }) => ok)).toEqual([true, false])

    shop.online()
    shop.link.find = (question) =>
      Promise.resolve('identity' in question && question.identity.value === '9' ? stranger(5) : 'none')
    const taken = {
      identities: [
        { kind: 'card' as const, value: '8' },
        { kind: 'card' as const, value: '9' },
      ],
    }
    const result = await shop.write('enrolment', taken)
    expect(result).toMatchObject({ refusal: { code: 'identity_taken', param: '/identities/1' } })
    expect(JSON.stringify(result)).not.toContain('"9"')
    expect(shop.link.asked).toHaveLength(2)
  })

  test('A-8 a cloud that cannot be reached does not keep anybody from enrolling', async () => {
    shop.online()
    shop.link.find = () => Promise.resolve('unreachable')
    expect(await shop.done('enrolment', { identities: [{ kind: 'card', value: '1' }] })).toMatchObject({
      kind: 'enrolment',
      points: 50,
      status: 'provisional',
      tier_change: { from: null, to: 'Bronze' },
    })
  })
})

describe('naming', () => {
  const card: Identity = { kind: 'card', value: '77' }
  const named = { member: card, lines: [{ sku: 'x', amount: 1000 }] }

  test('A-4 an identity that the store does not know is asked of the cloud once, whose word comes with the state', async () => {
    shop.online()
    const member = stranger(5)
    shop.link.find = () => {
      shop.send(member, { balance: 7, lifetime: 7 }, { identities: [card], name: 'Ann Lee' })
      return Promise.resolve(member)
    }
    const receipt = await shop.done('sale', named)
    expect(receipt).toMatchObject({
      status: 'confirmed',
      points: 10,
      member: { id: String(member), balance: 17 },
    })
    await shop.done('sale', named)
    expect(shop.link.asked).toEqual([{ identity: card }])
  })

  test('A-4 "no such member" refuses; no answer records the claim, provisional and without points', async () => {
    shop.online()
    shop.link.find = () => Promise.resolve('none')
    expect(await shop.refused('sale', named)).toBe('member_not_found')
    shop.link.find = () => Promise.resolve('unreachable')
    for (const receipt of [await shop.done('sale', named), await shop.done('checkin', { member: card })])
      expect(receipt).toMatchObject({
        status: 'provisional',
        as_of: null,
        member: null,
        points: 0,
        notes: ['member_unknown'],
      })
    expect(
      factsOf().map(({ member, claim, promised, confirmed }) => [member, claim, promised, confirmed]),
    ).toEqual([
      [0, card, 0, false],
      [0, card, 0, false],
    ])
  })

  test('A-4 without a link nobody is asked', async () => {
    expect(await shop.done('sale', named)).toMatchObject({ notes: ['member_unknown'] })
    expect(shop.link.asked).toEqual([])
  })

  test('A-4 a member of another store named by id is taken at the word while the cloud cannot be asked', async () => {
    const id = String(stranger(5))
    expect(await shop.done('sale', sale(1000, id))).toMatchObject({ member: null, notes: ['member_unknown'] })
    expect(factsOf()[0]).toMatchObject({ member: stranger(5), claim: null })
    expect(shop.ledger.threads.last(stranger(5))).toBe(3 * 2 ** 33 + 1)
  })

  test('whoever was enrolled here is known here: another id of this store is nobody', async () => {
    shop.online()
    const id = String(ORIGIN * 2 ** 33 + 99)
    expect(await shop.refused('sale', sale(1000, id))).toBe('member_not_found')
    expect(shop.link.asked).toEqual([])
    expect(await shop.refused('sale', sale(1000, '12'))).toBe('input_invalid')
  })

  test('A-4 what cannot wait for a member is refused: grants and lookups', async () => {
    expect(await shop.refused('grant', { member: card, points: 5 })).toBe('member_unreachable')
    expect(await shop.till.findMember(card)).toMatchObject({ refusal: { code: 'member_unreachable' } })
    expect(
      await shop.till.quote({ member: card, lines: [{ sku: 'x', amount: 1000 as never }] }),
    ).toMatchObject({
      value: { points: 0, status: 'provisional' },
    })
  })

  test('E-EARN-6 a grant above the program’s limit is refused', async () => {
    const member = await shop.member('1')
    expect(await shop.refused('grant', { member, points: 501 })).toBe('grant_over_limit')
    expect(await shop.done('grant', { member, points: 500 })).toMatchObject({
      points: 500,
      entries: [{ kind: 'grant', rule: 0, title: 'Points given by staff', points: 500 }],
    })
    expect(await shop.refused('grant', { member, metric: 9, points: 1 })).toBe('metric_not_found')
  })
})

/** Silver members get more, so that a sale's points hang on what came before it. */
const ORDER_MATTERS: ProgramDocument = {
  ...SMALL_PROGRAM,
  earn_perks: [
    ...SMALL_PROGRAM.earn_perks,
    {
      id: 150 as RuleId,
      title: 'Silver extra',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 7 },
      required_tier: 2 as RuleId,
    },
  ],
}

describe('local state', () => {
  test('M-1 a base state holds the own facts up to covers; later ones are folded on top', async () => {
    const id = await shop.member('1')
    await shop.done('sale', sale(1000, id))
    await shop.done('sale', sale(2000, id))
    // The cloud has folded the enrolment and the first sale, and 500 points of another store.
    shop.send(memberOf(id), { facts: 3, balance: 560, lifetime: 560, tier: 2 }, { covers: 2 })
    expect(await shop.till.member(memberOf(id))).toMatchObject({ value: { balance: 580, lifetime: 580 } })
    shop.send(memberOf(id), { facts: 4, balance: 580, lifetime: 580, tier: 2 }, { covers: 3 })
    expect(await shop.till.member(memberOf(id))).toMatchObject({ value: { balance: 580 } })
    expect((await shop.done('sale', sale(100, id))).member?.balance).toBe(581)
  })

  test('M-2 a frame replaces base states and identities with its cursor in one transaction', async () => {
    const member = stranger(5)
    const old: Identity = { kind: 'card', value: 'old' }
    const kept: Identity = { kind: 'email', value: 'k@x.y' }
    const fresh: Identity = { kind: 'card', value: 'new' }
    shop.send(member, { balance: 1 }, { identities: [old, kept], name: 'Ann Lee', cursor: 3 })
    shop.send(member, { balance: 2 }, { identities: [kept, fresh], name: 'Ann Lee-Doe', cursor: 4 })
    expect(shop.crashed().meta.cursors().members).toBe(4)
    expect(await shop.till.findMember(old)).toMatchObject({ ok: false })
    for (const identity of [kept, fresh])
      expect(await shop.till.findMember(identity)).toMatchObject({
        value: { name: 'Ann Lee-Doe', balance: 2 },
      })
  })

  test('M-2 a frame that cannot be stored changes nothing and throws, so that the link is told again', () => {
    shop.send(stranger(5), { balance: 1 }, { cursor: 3 })
    const pages = shop.database.pragma('page_count', { simple: true }) as number
    shop.database.pragma(`max_page_count = ${pages}`)
    const entitlements = Array.from({ length: 3_000 }, (_, at) => ({
      code: `CODE${at}`,
      perk: 301 as never,
      fact: 1 as FactId,
      index: 0,
      from: 0,
      expires: 0,
      status: 'unused' as const,
      before: null,
      uses: 1,
      usedBy: 0 as FactId,
      ended: 0,
    }))
    expect(() => shop.send(stranger(6), { entitlements }, { cursor: 4 })).toThrow(/full/)
    expect(shop.ledger.meta.cursors().members).toBe(3)
    expect(shop.ledger.members.find(stranger(6))).toBeUndefined()
  })

  test('M-1 a program that comes later and counts from an earlier time is counted at once', async () => {
    shop.remove()
    shop = new TillUnderTest({ program: null })
    const id = await shop.member('1')
    await shop.done('sale', sale(1000, id))
    expect(await shop.till.member(memberOf(id))).toMatchObject({ value: { balance: 0, tier: null } })
    shop.publish(1, SMALL_PROGRAM)
    expect(await shop.till.member(memberOf(id))).toMatchObject({
      value: { balance: 60, tier: { name: 'Bronze' } },
    })
  })

  test('M-1 E-FOLD-1 in any order of claimed times, the state in memory, the one rebuilt from disk and the plain fold agree', async () => {
    for (const seed of [1, 2]) {
      shop.remove()
      shop = new TillUnderTest({ backdateMs: 30 * 86_400_000, program: ORDER_MATTERS })
      const random = seededRandom(seed)
      const pick = (bound: number): number => random.below(bound)
      const id = await shop.member('1')
      const sales: string[] = []
      for (let step = 0; step < 60; step++) {
        await shop.system.advance(1000)
        const occurred_at = new Date(NOW - pick(20 * 86_400) * 1000).toISOString()
        const what = pick(10)
        const known = sales[pick(sales.length)]
        if (what < 6 || known === undefined) {
          const lines = [{ sku: 'x', category: 'BAG', quantity: 1 + pick(3), amount: pick(40_000) }]
          const dated = { member: id, lines, ...(pick(2) === 0 ? {} : { occurred_at }) }
          sales.push((await shop.done('sale', dated)).receipt.id)
        } else if (what < 9)
          await shop.write('return', {
            lines: [{ sale: known, line: 0, quantity: 1, amount: 0 }],
            ...(pick(2) === 0 ? {} : { occurred_at }),
          })
        else await shop.write('void', { fact: known })
        const rebuilt = new Cards(shop.ledger, new Programs(shop.ledger.programs.all()), ORIGIN)
        const state = rebuilt.get(memberOf(id))?.state ?? newState()
        expect(await shop.till.member(memberOf(id)), `seed ${seed}, step ${step}`).toMatchObject({
          value: { balance: state.balance, lifetime: state.lifetime, tier: { id: state.tier } },
        })
        if (pick(7) === 0) shop.restart()
      }
      const programs = new Programs(shop.ledger.programs.all())
      const plain = newState()
      foldFacts(programs, plain, factsOf(), NOTHING_EARLIER)
      expect(new Cards(shop.ledger, programs).get(memberOf(id))?.state, `seed ${seed}`).toEqual(plain)
      expect(factsOf().length).toBeGreaterThan(30)
    }
  })

  test('P-LIM-1 the memory holds a bounded number of states, and drops only what it can rebuild', async () => {
    const ids: string[] = []
    for (let at = 0; at < 30; at++) ids.push(await shop.member(`c${at}`))
    const cards = new Cards(shop.ledger, new Programs(shop.ledger.programs.all()), 10)
    for (const id of [...ids, ...ids]) expect(cards.get(memberOf(id))?.state.balance).toBe(50)
    expect(cards.size).toBeLessThanOrEqual(10)
    expect(cards.get(stranger(1))).toBeUndefined()
  })

  test('P-VER-4 a base state in another release’s format counts as none', async () => {
    const member = stranger(5)
    shop.online()
    shop.till.takeMembers({
      type: 'members',
      cursor: 1,
      more: false,
      // CBOR of [99, 0]: a format this release does not know.
      members: [
        { member, name: null, identities: [], state: Buffer.of(0x82, 0x18, 99, 0), covers: 0 as Seq },
      ],
    })
    expect(decodeState(Buffer.of(0x82, 0x18, 99, 0))).toBeUndefined()
    // What follows the format is not read: its records have other fields.
    expect(decodeState(Buffer.of(0x82, STATE_FORMAT + 1, 0xd9, 0xe0, 0x00, 0x9f))).toBeUndefined()
    expect(await shop.done('sale', sale(1000, String(member)))).toMatchObject({
      status: 'provisional',
      points: 10,
      member: { balance: 10 },
    })
  })
})

test.each([
  ['Jane Doe', '12342', 'J. D. …42'],
  ['jane maria doe', 'x', 'J. D. …x'],
  ['Cher', undefined, 'C.'],
  [null, '+4477', '…77'],
  ['  ', undefined, 'a member'],
  ['Éva 𝒵ed', '1😀', 'É. 𝒵. …1😀'],
])('F-4 %s is shown masked', (name, identity, shown) => {
  expect(maskedMember(name, identity)).toBe(shown)
})
