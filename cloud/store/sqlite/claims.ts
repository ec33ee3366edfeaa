// Facts by what ties them to others: an identity or an earlier fact, as text, and the fact they are about. Hot: asked for with every commit, for each fact
// that came; from two trees (S-14), by statements over the set, since nearly nothing is found.
import type { FactKind } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import type { FactRow, TenantId, Writes } from '../port.ts'
import { foundFact } from './chains.ts'
import type { Raw } from './rows.ts'
import { ITS_ROW, ROW, foundTwice } from './second-trees.ts'
import type { preparer } from './statements.ts'

type Index = 'facts_claim' | 'facts_about'

const FOLLOWING = 'f.tenant = ? AND f.claim BETWEEN ? AND ? AND length(f.claim) = ? AND f.claim IS NOT NULL'
const TIED = 'f.claim = j.value AND f.tenant = ? AND f.claim IS NOT NULL'
const ABOUT = `f.about = j.value AND f.kind = ? AND f.about > 0 AND f.status <> 'duplicate'`

export function claimWrites(
  sql: ReturnType<typeof preparer>,
): Pick<Writes, 'factsByClaims' | 'factsFollowing' | 'factsAbout'> {
  const following = (tenant: TenantId, from: number, to: number): FactRow[] => {
    const start = `fact:${from}`
    const asked = [tenant, start, `fact:${to}`, start.length]
    const rows = sql(`SELECT ${ROW} FROM facts f INDEXED BY facts_claim ${ITS_ROW} WHERE ${FOLLOWING}`).all(
      ...asked,
    )
    const second = sql(`SELECT count(*) AS n FROM facts f INDEXED BY facts_claim_second WHERE ${FOLLOWING}`)
    const isAsked = ({ tenant: of, claim }: Raw): boolean => {
      const followed = Number(String(claim).slice('fact:'.length))
      return of === tenant && followed >= from && followed <= to
    }
    return foundTwice(rows, second.get(...asked)?.n, 'facts that follow others', isAsked).map((raw) =>
      foundFact(sql, raw),
    )
  }
  /** Facts with one of `values`, and with `other` in another column. */
  const among = (
    index: Index,
    on: string,
    values: ReadonlySet<unknown>,
    other: unknown,
    isAsked: (raw: Raw) => boolean,
  ): FactRow[] => {
    if (values.size === 0) return []
    const of = (tree: string): string => `FROM json_each(?) j CROSS JOIN facts f INDEXED BY ${tree} ON ${on}`
    const asked = [JSON.stringify([...values]), other]
    const rows = sql(
      `SELECT ${ROW}, j.value AS asked ${of(index)} ${ITS_ROW} ORDER BY j.key, f.at, f.id`,
    ).all(...asked)
    const second = sql(`SELECT count(*) AS n ${of(`${index}_second`)}`).get(...asked)
    return foundTwice(rows, second?.n, `facts by ${index}`, isAsked).map(({ asked: _, ...raw }) =>
      foundFact(sql, raw),
    )
  }
  return {
    factsByClaims: async (tenant, claims) => {
      const isAsked = (raw: Raw): boolean => raw.tenant === tenant && raw.claim === raw.asked
      return among('facts_claim', TIED, new Set(claims), tenant, isAsked)
    },
    factsFollowing: async (tenant, runs) => {
      const found: FactRow[] = []
      for (const { first, last } of runs)
        // As texts, numbers stand in their order only among those of as many digits.
        for (let from: number = first, to; from <= last; from = to + 1) {
          to = Math.min(last, 10 ** String(from).length - 1)
          found.push(...following(tenant, from, to))
        }
      return found
    },
    factsAbout: async (ids: readonly FactId[], kind: FactKind) => {
      const isAsked = (raw: Raw): boolean => raw.kind === kind && raw.about === raw.asked
      return among('facts_about', ABOUT, new Set(ids), kind, isAsked)
    },
  }
}
