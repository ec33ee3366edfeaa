// Plain JSON values as CBOR maps, for readers of the feeds that ask for it: no records, so any CBOR library reads them. Facts and frames have their own,
// stricter codec (codec.ts).
import { Encoder } from 'cbor-x'

const encoder = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false })

export function encodePlain(value: unknown): Uint8Array {
  return encoder.encode(value)
}
