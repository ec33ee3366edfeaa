// How a recorded version lies on disk: `<name>.hex` with the bytes, `<name>.json` with what they say (bytes in it as `{"bytes": hex}`), and
// `schema.hash` with the hash of everything that was spoken then.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeDownFrame, decodeFact, decodeUpFrame, encodeFact, encodeFrame } from '../../protocol/codec.ts'
import type { Decoded } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { schemaHash } from '../../protocol/version.ts'
import { DOWN_SAMPLES, FACT_SAMPLES, UP_SAMPLES } from './samples.ts'

const ROOT = join(import.meta.dirname, 'recorded')

/** Kinds of things recorded, by the first word of their name. */
const SPOKEN = {
  fact: { encode: (value: unknown) => encodeFact(value as Fact), decode: decodeFact },
  up: { encode: (value: unknown) => encodeFrame(value as UpFrame), decode: decodeUpFrame },
  down: { encode: (value: unknown) => encodeFrame(value as DownFrame), decode: decodeDownFrame },
} satisfies Record<
  string,
  { encode: (value: unknown) => Uint8Array; decode: (bytes: Uint8Array) => Decoded<unknown> }
>

export interface Recorded {
  readonly name: string
  readonly bytes: Uint8Array
  /** What the bytes said when they were recorded. */
  readonly said: string
}

/** `fact.sale`, `up.hello`, `down.ack` and so on, of everything there is now. */
export function namesNow(): string[] {
  return [
    ...Object.keys(FACT_SAMPLES).map((kind) => `fact.${kind}`),
    ...Object.keys(UP_SAMPLES).map((type) => `up.${type}`),
    ...Object.keys(DOWN_SAMPLES).map((type) => `down.${type}`),
  ].toSorted()
}

function spokenAs(name: string): (typeof SPOKEN)[keyof typeof SPOKEN] {
  return SPOKEN[name.split('.')[0] as keyof typeof SPOKEN]
}

export function decodeRecorded(name: string, bytes: Uint8Array): Decoded<unknown> {
  return spokenAs(name).decode(bytes)
}

export function encodeRecorded(name: string, value: unknown): Uint8Array {
  return spokenAs(name).encode(value)
}

export function saidText(value: unknown): string {
  return `${JSON.stringify(withHex(value), null, 2)}\n`
}

function withHex(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(withHex)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withHex(field)]))
}

export function folderOf(version: number): string {
  return join(ROOT, `v${version}`)
}

export function recordedVersions(): number[] {
  return readdirSync(ROOT).map((name) => Number(name.slice(1)))
}

export function readHash(version: number): string {
  return readFileSync(join(folderOf(version), 'schema.hash'), 'utf8').trim()
}

export function readRecorded(version: number): Recorded[] {
  const folder = folderOf(version)
  return readdirSync(folder)
    .filter((file) => file.endsWith('.hex'))
    .map((file) => {
      const name = file.slice(0, -'.hex'.length)
      const bytes = Buffer.from(readFileSync(join(folder, file), 'utf8').replaceAll(/\s/g, ''), 'hex')
      return { name, bytes, said: readFileSync(join(folder, `${name}.json`), 'utf8') }
    })
}

/** Writes a version that was never written. What is recorded is what old edges will go on sending, so it is never written over. */
export function writeRecorded(version: number): number {
  const folder = folderOf(version)
  if (existsSync(folder))
    throw new Error(
      `${folder} is there already and is not written over. If the wire changed, raise PROTOCOL_VERSION and record that; ` +
        'only a version that no shop runs may be deleted and recorded again',
    )
  mkdirSync(folder, { recursive: true })
  const samples: Record<string, Readonly<Record<string, unknown>>> = {
    fact: FACT_SAMPLES,
    up: UP_SAMPLES,
    down: DOWN_SAMPLES,
  }
  for (const [group, values] of Object.entries(samples)) {
    for (const [kind, value] of Object.entries(values)) {
      const name = `${group}.${kind}`
      const hex = Buffer.from(encodeRecorded(name, value)).toString('hex')
      writeFileSync(join(folder, `${name}.hex`), `${hex.replaceAll(/(.{64})(?=.)/g, '$1\n')}\n`)
      writeFileSync(join(folder, `${name}.json`), saidText(value))
    }
  }
  writeFileSync(join(folder, 'schema.hash'), `${schemaHash()}\n`)
  return namesNow().length
}
