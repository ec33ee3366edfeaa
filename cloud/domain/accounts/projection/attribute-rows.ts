// What a business declared about its customers, as the fold knows it: the value 17, Gold of Club, is the attribute `Club=Gold` with the value `value:17`.
// So a customer may have several values of one attribute, and a rule of the program asks for any of them by their names (ATT-1).
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import { millisOf } from '../../../../protocol/time.ts'
import type { AttributeDocument } from '../../../evaluation/document/parts.ts'
import { oneOfSeveral } from '../../../evaluation/profile.ts'
import { differences } from './row-sync.ts'
import type { MemberScene } from './scene.ts'
import { whoseOf } from './scene.ts'

const VALUE = /^value:([1-9][0-9]*)$/

/** How the fold knows a declared value by its attribute's name and its own. */
export function attributeOfValue(id: number, attribute: string, value: string): AttributeDocument {
  return { name: oneOfSeveral(attribute, value), value: `value:${id}` }
}

export function valueOfAttribute(value: string): number | undefined {
  const [, digits] = VALUE.exec(value) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** The values a member has. */
export function valuesOf(attributes: readonly (readonly [name: string, value: string])[]): number[] {
  return attributes.flatMap(([, value]) => valueOfAttribute(value) ?? [])
}

export async function projectAttributes(scene: MemberScene): Promise<void> {
  const { tx, state, connection, changed, lost } = scene
  const rows = new Map(
    (await tx.accountRows('connection_attributes', { member: connection.member })).map((row) => [
      row.value,
      row,
    ]),
  )
  const values = valuesOf(state.more?.profile.attributes ?? [])
  // A late word may have been the first.
  const said = lost || changed.some(({ fact }) => fact.kind === 'profile')
  const since = said && values.length > 0 ? await addedAt(scene) : new Map<number, number>()
  for (const value of values) {
    const row = rows.get(value)
    const added = since.get(value) ?? row?.added ?? millisOf(state.at)
    rows.delete(value)
    const wanted = { ...whoseOf(scene), value, added }
    if (row === undefined) await tx.insertAccountRow('connection_attributes', wanted)
    else await tx.saveAccountRow('connection_attributes', row.id, differences(row, wanted))
  }
  for (const { id } of rows.values()) await tx.deleteAccountRow('connection_attributes', id)
}

/** Since when the member has each value. */
async function addedAt({ tx, connection }: MemberScene): Promise<Map<number, number>> {
  const added = new Map<number, number>()
  const named = new Map<string, number>()
  for (const { bytes, at } of await tx.factsOfKind(connection.member as never, 'profile')) {
    const fact = decodeStoredFact(bytes)
    if (fact.kind !== 'profile') continue
    for (const { name, value } of fact.attributes) {
      const declared = value === null ? undefined : valueOfAttribute(value)
      if (declared === undefined) added.delete(named.get(name) ?? 0)
      else if (!added.has(declared)) added.set(declared, millisOf(at))
      if (declared !== undefined) named.set(name, declared)
    }
  }
  return added
}
