// Stores, the devices that serve them, and the lives of their ledgers. Whose a life is and how far it has come is what facts are taken by, so each of these
// rows has a sum (S-12) and is changed only where it was what had been written.
import { CHAIN_GENESIS } from '../../../protocol/chain.ts'
import type { StoreId } from '../../../protocol/ids.ts'
import type { FleetWrites } from '../fleet-port.ts'
import type { CodeRow, EdgeRow, OriginRow, Reads, StoreRow } from '../port.ts'
import { metaOf, saveMeta } from './meta.ts'
import { changeSummed, findSummed, insertSummed, putSummed } from './row-sums.ts'
import { edgeRow, originRow, storeRow } from './rows.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

export function fleetReads(
  sql: Sql,
): Pick<Reads, 'stores' | 'store' | 'edge' | 'origin' | 'origins' | 'livesOf'> {
  return {
    stores: async (tenant) =>
      sql('SELECT * FROM stores WHERE tenant = ? ORDER BY id').all(tenant).map(storeRow),
    store: async (id) => {
      const raw = sql('SELECT * FROM stores WHERE id = ?').get(id)
      return raw && storeRow(raw)
    },
    edge: async (id) => {
      const raw = sql('SELECT * FROM edges WHERE id = ?').get(id)
      return raw && edgeRow(raw)
    },
    origin: async (origin) => {
      const raw = sql('SELECT * FROM origins WHERE origin = ?').get(origin)
      return raw && originRow(raw)
    },
    origins: async (tenant) =>
      sql('SELECT * FROM origins WHERE tenant = ? ORDER BY origin').all(tenant).map(originRow),
    livesOf: async (tenant, edge) =>
      sql('SELECT * FROM origins WHERE edge = ? AND tenant = ? ORDER BY epoch')
        .all(edge, tenant)
        .map(originRow),
  }
}

const floorOf = (table: 'stores' | 'edges'): string => `${table}_floor`

/** The number of the next row: beyond all there are, and beyond what a lost cloud may have given out. */
function nextOf(sql: Sql, table: 'stores' | 'edges'): number {
  const last = Number(sql(`SELECT max(id) AS last FROM ${table}`).get()?.last ?? 0)
  return Math.max(last + 1, Number(metaOf(sql, floorOf(table)) ?? 1))
}

export function fleetWrites(sql: Sql): FleetWrites {
  const originLast = (): number => Number(sql('SELECT max(origin) AS last FROM origins').get()?.last ?? 0)
  return {
    insertStore: async (tenant, name, zone, wanted): Promise<StoreRow> => {
      const row = { id: wanted ?? (nextOf(sql, 'stores') as StoreId), tenant, name, zone }
      insertSummed(sql, 'stores', row)
      return row
    },
    insertEdge: async ({ id, tenant, store, publicKey, enrolledAt }): Promise<EdgeRow> => {
      const row: EdgeRow = {
        id: id ?? nextOf(sql, 'edges'),
        tenant,
        store,
        publicKey,
        enrolledAt,
        state: 'active',
        copyOf: null,
        attestation: '',
      }
      const { publicKey: public_key, enrolledAt: enrolled_at, copyOf: copy_of, ...rest } = row
      insertSummed(sql, 'edges', { ...rest, public_key, enrolled_at, copy_of })
      return row
    },
    skipDevices: async (count) => {
      for (const table of ['stores', 'edges'] as const)
        saveMeta(sql, floorOf(table), String(nextOf(sql, table) + count))
    },
    saveEdge: async ({ id, state, copyOf }) => changeSummed(sql, 'edges', [id], { state, copy_of: copyOf }),
    saveAttestation: async (id, attestation) => changeSummed(sql, 'edges', [id], { attestation }),
    edgeByKey: async (tenant, publicKey) => {
      const raw = sql('SELECT * FROM edges WHERE tenant = ? AND public_key = ?').get(tenant, publicKey)
      return raw && edgeRow(raw)
    },
    insertOrigin: async ({
      tenant,
      store,
      edge,
      state = 'open',
      floor = 1,
      epochFloor = 1,
    }): Promise<OriginRow> => {
      const epochs = sql('SELECT max(epoch) AS last FROM origins WHERE tenant = ? AND edge = ?')
      const origin = Math.max(floor, 1 + originLast())
      const epoch = Math.max(epochFloor, 1 + Number(epochs.get(tenant, edge)?.last ?? 0))
      insertSummed(sql, 'origins', { origin, tenant, store, edge, epoch, seq: 0, head: CHAIN_GENESIS, state })
      return originRow(sql('SELECT * FROM origins WHERE origin = ?').get(origin) ?? {})
    },
    insertLife: async ({ origin, epoch, tenant, store, edge }) => {
      const life = { origin, tenant, store, edge, epoch }
      insertSummed(sql, 'origins', { ...life, seq: 0, head: CHAIN_GENESIS, state: 'spare' })
    },
    saveOrigins: async (rows) => {
      for (const { origin, seq, head } of rows) changeSummed(sql, 'origins', [origin], { seq, head })
    },
    originLast: async () => originLast(),
    openOrigin: async (origin) => {
      if (findSummed(sql, 'origins', origin)?.state === 'spare')
        changeSummed(sql, 'origins', [origin], { state: 'open' })
    },
    closeOrigin: async (origin, ended, at) => {
      if (findSummed(sql, 'origins', origin)?.state !== 'closed')
        changeSummed(sql, 'origins', [origin], { state: 'closed', ended, ended_at: at })
    },
    witnessOrigin: async (origin, seq) => {
      sql('UPDATE origins SET witnessed = max(witnessed, ?) WHERE origin = ?').run(seq, origin)
    },
    saveContact: async ({ origin, saidSeq, contactAt, software, program }) =>
      putSummed(sql, 'contacts', { origin, said_seq: saidSeq, contact_at: contactAt, software, program }),
    insertCode: async ({ hash, tenant, store, expires }) => {
      sql('INSERT INTO codes (hash, tenant, store, expires) VALUES (?, ?, ?, ?)').run(
        hash,
        tenant,
        store,
        expires,
      )
    },
    code: async (hash) => {
      const raw = sql('SELECT * FROM codes WHERE hash = ?').get(hash)
      return raw && ({ ...raw, usedBy: raw.used_by } as unknown as CodeRow)
    },
    useCode: async (hash, edge) => {
      sql('UPDATE codes SET used_by = ? WHERE hash = ?').run(edge, hash)
    },
  }
}
