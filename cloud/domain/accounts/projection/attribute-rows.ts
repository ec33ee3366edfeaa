// What a business declared about its customers, as the fold knows it: the value with the id 17 is the attribute `value:17` with the value `yes`.
// So a customer may have several values of one attribute, and a rule of the program asks for any of them.
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import { millisOf } from '../../../../protocol/time.ts'
import type { AttributeDocument } from '../../../evaluation/document/parts.ts'
import type { MemberScene } from './scene.ts'
import { whoseOf } from './scene.ts'

const NAME = /^value:([1-9][0-9]*)$/
const YES = 'yes'

/** How the fold knows a declared value, and how a rule asks for it. */
export function attributeOfValue(value: number): AttributeDocument {
  return { name: `value:${value}`, value: YES }
}

export function valueOfAttribute(name: string): number | undefined {
  const [, digits] = NAME.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** The values a member has. */
export function valuesOf(attributes: readonly (readonly [name: string, value: string])[]): number[] {
  return attributes.flatMap(([name, value]) => (value === YES ? (valueOfAttribute(name) ?? []) : []))
}

export async function projectAttributes(scene: MemberScene): Promise<void> {
  const { tx, state, connection } = scene
  const rows = new Map(
    (await tx.accountRows('connection_attributes', { member: connection.member })).map((row) => [
      row.value,
      row,
    ]),
  )
  const values = valuesOf(state.more?.profile.attributes ?? [])
  const missing = values.filter((value) => !rows.has(value))
  const added = missing.length === 0 ? new Map<number, number>() : await addedAt(scene)
  for (const value of missing)
    await tx.insertAccountRow('connection_attributes', {
      ...whoseOf(scene),
      value,
      added: added.get(value) ?? millisOf(state.at),
    })
  for (const value of values) rows.delete(value)
  for (const { id } of rows.values()) await tx.deleteAccountRow('connection_attributes', id)
}

/** Since when the member has each value. */
async function addedAt({ tx, connection }: MemberScene): Promise<Map<number, number>> {
  const added = new Map<number, number>()
  for (const { bytes, at } of await tx.factsOfKind(connection.member as never, 'profile')) {
    const fact = decodeStoredFact(bytes)
    if (fact.kind !== 'profile') continue
    for (const { name, value } of fact.attributes) {
      const declared = valueOfAttribute(name)
      if (declared === undefined) continue
      if (value !== YES) added.delete(declared)
      else if (!added.has(declared)) added.set(declared, millisOf(at))
    }
  }
  return added
}
