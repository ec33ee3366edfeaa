// `tillstream verify` on a cloud's data: silent on sound data, also beside a running node, and loud on every kind of damage.
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import { decodeState, encodeState } from '../../cloud/evaluation/state.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { sumFunctions, sumSql } from '../../cloud/store/sqlite/row-sums.ts'
import { verify } from '../../cloud/verify.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let a: OriginWriter
let b: OriginWriter
let members: MemberId[]

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, { now: () => T0 + 10_000 * MINUTE })
  await cloud.found(SMALL_PROGRAM)
  a = await cloud.addStore()
  b = await cloud.addStore()
  members = [0, 1, 2].map((index) =>
    a.enrol({ at: T0 + index, promised: 50, confirmed: true }, [{ kind: 'card', value: String(index) }]),
  )
  for (let index = 0; index < 90; index++) {
    const member = members[index % 3] as MemberId
    const writer = index % 2 === 0 ? a : b
    const sale = writer.sale({ at: T0 + (100 - index) * MINUTE, member, promised: 9, confirmed: true }, [
      { sku: 'x', category: 'BAG', pieces: 3, amount: 700 },
    ])
    if (index % 9 === 0)
      writer.giveBack({ at: T0 + 200 * MINUTE + index, member }, [{ sale, line: 0, pieces: 1, amount: 200 }])
  }
  const template = a.facts[0]
  if (template === undefined) throw new Error('enrolled')
  a.writeBytes(Buffer.from('no fact'), template)
  a.sale({ at: T0 + MINUTE, key: 'twice' }, [{ sku: 'x', amount: 1 }])
  a.sale({ at: T0 + 2 * MINUTE, key: 'twice' }, [{ sku: 'x', amount: 1 }])
  for (const writer of [b, a]) await cloud.ingest.submit(writer.origin, writer.batch())
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

function damage(sql: string, ...values: unknown[]): void {
  const database = new Sqlite(join(directory.path, 'cloud.db'))
  sumFunctions(database)
  const { changes } = database.prepare(sql).run(...values)
  database.close()
  expect(changes).toBeGreaterThan(0)
}

describe('verify', () => {
  test('V-1 sound data, beside the running node', async () => {
    const found = await verify(directory.path)
    expect(found).toMatchObject({
      ok: true,
      chain_ok: true,
      facts: a.seq + b.seq,
      quarantined: 1,
      duplicates: 1,
      members: 3,
      fold_mismatches: 0,
      effect_mismatches: 0,
      problems: [],
    })
    expect(found.digest).toMatch(/^[0-9a-f]{64}$/)
  })

  test('the digest is the same whatever the order of arrival', async () => {
    const other = freshDirectory()
    const again = new CloudCore(other.path, cloud.clock)
    await again.found(SMALL_PROGRAM)
    await again.addStore()
    await again.addStore()
    for (let from = 1; from <= Math.max(a.seq, b.seq); from += 7)
      for (const writer of [a, b])
        if (from <= writer.seq)
          await again.ingest.submit(writer.origin, writer.batch(from, Math.min(from + 6, writer.seq)))
    const [one, two] = [await verify(directory.path), await verify(other.path)]
    expect(two).toMatchObject({ ok: true, facts: one.facts })
    expect(two.digest).toBe(one.digest)
    await again.store.close()
    other.remove()
  })

  test('V-1 while facts stream in, it sees one moment', async () => {
    const streaming = (async () => {
      for (let index = 0; index < 60; index++) {
        a.sale({ at: T0 + 300 * MINUTE + index, member: members[index % 3] as MemberId }, [
          { sku: 'x', amount: 900 },
        ])
        await cloud.ingest.submit(a.origin, a.batch(a.seq))
      }
    })()
    for (let round = 0; round < 5; round++)
      expect(await verify(directory.path)).toMatchObject({ ok: true, problems: [] })
    await streaming
    expect((await verify(directory.path)).facts).toBe(a.seq + b.seq)
  })

  test('V-2 a changed byte breaks the chain at its place, once', async () => {
    const bytes = Buffer.from(b.bytes[9] ?? [])
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
    damage('UPDATE facts SET bytes = ? WHERE id = ?', bytes, b.facts[9]?.id)
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: false, chain_ok: false })
    expect(found.problems.filter((problem) => problem.startsWith('origin'))).toEqual([
      `origin ${b.origin}: the bytes or the hash of seq 10 were changed`,
    ])
  })

  test.each([
    ['DELETE FROM facts WHERE id = ?', 'after seq 4 comes 6'],
    ['UPDATE facts SET hash = zeroblob(32) WHERE id = ?', 'seq 5 were changed'],
  ])('V-2 %s', async (sql, words) => {
    damage(sql, b.facts[4]?.id)
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: false, chain_ok: false })
    expect(found.problems.join('\n')).toContain(words)
  })

  test('V-2 a position or a head that is not the end of the chain', async () => {
    const sums = `UPDATE origins SET sum = ${sumSql('origins')}`
    damage('UPDATE origins SET seq = seq + 1 WHERE origin = ?', a.origin)
    damage(sums)
    expect((await verify(directory.path)).problems).toEqual([
      `origin ${a.origin}: the position says ${a.seq + 1}, the chain ends at ${a.seq}`,
    ])
    damage('UPDATE origins SET seq = seq - 1, head = zeroblob(32) WHERE origin = ?', a.origin)
    damage(sums)
    expect(await verify(directory.path)).toMatchObject({ ok: false, chain_ok: false, fold_mismatches: 0 })
  })

  test('V-2 a fact whose origin is in no list', async () => {
    damage('UPDATE facts SET id = id + 900 * 8589934592 WHERE id = ?', b.facts.at(-1)?.id)
    const found = await verify(directory.path)
    expect(found.chain_ok).toBe(false)
    expect(found.problems.join('\n')).toContain('stand in a chain')
  })

  test('V-3 a saved state that is not the fold: balance, lots or goodwill', async () => {
    const [first, second, third] = members as [MemberId, MemberId, MemberId]
    const changes: [MemberId, Partial<MemberState>][] = [
      [first, { balance: 1 }],
      [second, { lots: [0, 1] }],
      [third, { goodwill: 3 }],
    ]
    for (const [member, change] of changes) {
      const row = await cloud.store.read.member(member)
      const state = row?.state === null || row === undefined ? undefined : decodeState(row.state)
      if (state === undefined) throw new Error('saved')
      const saved = { member, tenant: row?.tenant ?? 0, due: null }
      await cloud.store.write((tx) =>
        tx.saveStates([{ ...saved, state: encodeState({ ...state, ...change }) }]),
      )
    }
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: false, chain_ok: true, fold_mismatches: 3, effect_mismatches: 0 })
    expect(found.problems).toHaveLength(3)
    expect(found.problems[0]).toMatch(
      /^member \d+: the saved state is not the fold of its \d+ facts \(saved balance/,
    )
  })

  test('V-3 I-9 a saved state that is not the fold, of a member whose enrolment is not here', async () => {
    const lost = (await cloud.addStore()).enrol({ at: T0 }, [{ kind: 'card', value: 'lost' }])
    a.sale({ at: T0 + 400 * MINUTE, member: lost }, [{ sku: 'x', amount: 700 }])
    await cloud.ingest.submit(a.origin, a.batch(a.seq))
    expect(await verify(directory.path)).toMatchObject({ ok: true, members: 3, problems: [] })
    const { tenant } = cloud
    await cloud.store.write(async (tx) => {
      const [row] = await tx.states([lost])
      const state = row && decodeState(row.state)
      if (state === undefined) throw new Error('saved')
      await tx.saveStates([{ member: lost, tenant, due: null, state: encodeState({ ...state, balance: 1 }) }])
    })
    expect(await verify(directory.path)).toMatchObject({ ok: false, fold_mismatches: 1 })
    damage('DELETE FROM states WHERE member = ?', lost)
    expect(await verify(directory.path)).toMatchObject({ ok: false, unsound_states: [lost] })
  })

  test('V-3 effects that do not come to the balance, or to what the facts come to', async () => {
    damage('DELETE FROM activities WHERE fact = ? AND revision = 0', b.facts[2]?.id)
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: false, chain_ok: true, fold_mismatches: 0, effect_mismatches: 1 })
    expect(found.problems).toEqual([expect.stringContaining(`first ${String(b.facts[2]?.id)}`)])
  })

  test('V-3 S-12 effects logged under another fact of the same member, though their sum is right', async () => {
    const sale = a.facts.find((fact) => fact.kind === 'sale' && fact.member > 0)
    const back = [...a.facts, ...b.facts].find(
      ({ kind, member }) => kind === 'return' && member === sale?.member,
    )
    expect(sale?.member).toBe(back?.member)
    damage(
      'UPDATE activities SET fact = CASE fact WHEN $sale THEN $back ELSE $sale END WHERE fact IN ($sale, $back)',
      { sale: sale?.id, back: back?.id },
    )
    const found = await verify(directory.path)
    expect(found).toMatchObject({ ok: false, damaged: true, fold_mismatches: 0 })
    expect(found.problems).toEqual([expect.stringMatching(/^what fact \d+ came to is not what was written$/)])
  })

  test('the first 20 problems in words, all of them counted', async () => {
    damage('UPDATE facts SET hash = zeroblob(32)')
    const found = await verify(directory.path)
    expect(found.problems).toHaveLength(20)
    expect(found.chain_ok).toBe(false)
  })

  test('a directory without data is a fault, not a verdict', async () => {
    const empty = freshDirectory()
    await expect(verify(empty.path)).rejects.toThrow('unable to open database file')
    empty.remove()
  })
})

test('V-4 an index that does not fit its table is told', async () => {
  await cloud.store.close()
  const path = join(directory.path, 'cloud.db')
  const database = new Sqlite(path)
  database.unsafeMode()
  database.pragma('writable_schema = ON')
  // The index goes on as if it were another's: its entries are missing for the rows of now.
  database.exec("DELETE FROM sqlite_schema WHERE name = 'facts_about'")
  database.exec("INSERT INTO codes (hash, tenant, store, expires) VALUES ('more', 1, 1, 1)")
  database.close()
  const found = await verify(directory.path)
  expect(found.ok).toBe(false)
  expect(found.problems.join()).toMatch(/never used|index|page/i)
  cloud = new CloudCore(`${directory.path}/other`, cloud.clock)
})
