// A cloud worked by hand, for tests of the edge's link: it signs and reads real frames on a held line, keeps the facts it took, and answers
// what the test tells it to. It checks on the way what every cloud would: the edge's signature for this connection, and that a batch is contiguous.
import { CHAIN_GENESIS, chainHash, sameHash } from '../../protocol/chain.ts'
import { decodeUpFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { NONCE_BYTES, exportPublicKey, importPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { KeyPair } from '../../protocol/envelope.ts'
import type { Batch } from '../../protocol/frames/batch.ts'
import type { ProgramVersion, Seq } from '../../protocol/ids.ts'
import type { Life } from '../../protocol/lives.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudSeals, unsealed } from '../../protocol/seals.ts'
import type { UpFrame } from '../../protocol/up.ts'
import type { Line } from './held-line.ts'

export class HandCloud {
  readonly keys: KeyPair = newKeyPair()
  readonly #edgeKey: string
  /** The number of the edge. */
  edge = 7
  /** Of each line, with the nonce of its challenge. */
  readonly #lines = new Map<Line, { readonly nonce: Uint8Array; readonly seals: CloudSeals }>()
  /** Bytes of the facts taken, in order, and the chain over them: hashes[n] is after n facts. */
  readonly facts: Uint8Array[] = []
  readonly hashes: Uint8Array[] = [CHAIN_GENESIS]
  cloudEpoch = 1
  credit = { credit_facts: 100_000, credit_bytes: 100_000_000 }
  /** Questions for the time that were heard; the test answers them where it is about the time. */
  readonly timeAsked: number[] = []
  spares: Life[] = []
  /** Nothing of members has changed, and it says so behind its welcome. */
  tells = true
  #cursor = 0

  /** `edgeKey` as exportPublicKey gives it. */
  constructor(edgeKey: string) {
    this.#edgeKey = edgeKey
  }

  get publicKey(): string {
    return exportPublicKey(this.keys.publicKey)
  }

  get seq(): Seq {
    return this.facts.length as Seq
  }

  /** This end of the line. */
  sealsOf(line: Line): CloudSeals {
    return this.#endOf(line).seals
  }

  #endOf(line: Line): { readonly nonce: Uint8Array; readonly seals: CloudSeals } {
    const known = this.#lines.get(line)
    if (known !== undefined) return known
    const publicKey = importPublicKey(this.#edgeKey)
    if (publicKey === undefined) throw new Error('the edge has no key')
    const nonce = new Uint8Array(NONCE_BYTES).fill(1 + this.#lines.size)
    const seals = new CloudSeals(this.edge, { privateKey: this.keys.privateKey, publicKey }, nonce)
    this.#lines.set(line, { nonce, seals })
    return { nonce, seals }
  }

  /** Puts a frame on the line, signed; the test delivers it. */
  say(line: Line, frame: DownFrame): void {
    line.down.push(this.sealsOf(line).seal(frame))
  }

  /** Takes everything the edge has sent, verified and decoded. */
  hear(line: Line): UpFrame[] {
    return line.up.splice(0).flatMap((sealed) => {
      const bytes = unsealed(this.sealsOf(line).next(sealed))
      const decoded = bytes === undefined ? undefined : decodeUpFrame(bytes)
      if (decoded === undefined || !decoded.ok) throw new Error('the edge sent what is no frame of its own')
      if (decoded.value.type === 'hello') {
        this.#cursor = decoded.value.members_cursor
        this.sealsOf(line).greeted(decoded.value.nonce)
      }
      if (decoded.value.type !== 'ask_time') return [decoded.value]
      this.timeAsked.push(decoded.value.question)
      return []
    })
  }

  hearOne<T extends UpFrame['type']>(line: Line, type: T): Extract<UpFrame, { type: T }> {
    const frames = this.hear(line)
    const [frame] = frames
    if (frames.length !== 1 || frame === undefined || frame.type !== type)
      throw new Error(
        `expected one ${type}, heard ${frames.map((heard) => heard.type).join(', ') || 'nothing'}`,
      )
    // Its tag was just compared.
    return frame as Extract<UpFrame, { type: T }>
  }

  challenge(line: Line): void {
    this.say(line, { type: 'challenge', nonce: this.#endOf(line).nonce, time: 0 as Millis })
    line.deliver()
  }

  welcome(line: Line, seq = this.seq): void {
    const head = this.hashes[seq] ?? new Uint8Array(32)
    this.say(line, {
      type: 'welcome',
      seq,
      head,
      time: 0 as Millis,
      cloud_epoch: this.cloudEpoch,
      ...this.credit,
      return_ms: 0,
      program: 0 as ProgramVersion,
      attestation: 'signed',
      spares: this.spares,
    })
    if (this.tells) this.say(line, { type: 'members', cursor: this.#cursor, members: [], more: false })
    line.deliver()
  }

  /** Opens the line and goes through the greeting; the hello that came. */
  greet(line: Line): Extract<UpFrame, { type: 'hello' }> {
    line.open()
    this.challenge(line)
    const hello = this.hearOne(line, 'hello')
    this.welcome(line)
    return hello
  }

  /** Keeps a batch that continues what is here. */
  take(batch: Batch): void {
    if (batch.from !== this.seq + 1)
      throw new Error(`expected a batch from ${this.seq + 1}, not ${batch.from}`)
    const previous = this.hashes.at(-1) ?? CHAIN_GENESIS
    if (!sameHash(batch.previous, previous)) throw new Error('the batch does not continue the chain')
    let hash = previous
    for (const bytes of batch.facts) {
      hash = chainHash(hash, bytes)
      this.facts.push(bytes)
      this.hashes.push(hash)
    }
  }

  ack(line: Line, seq: Seq = this.seq): void {
    this.say(line, { type: 'ack', seq, head: this.hashes[seq] ?? new Uint8Array(32), ...this.credit })
    line.deliver()
  }

  /** Takes and acknowledges until the edge sends nothing more. */
  async drain(line: Line, settle: () => Promise<void>): Promise<void> {
    await settle()
    for (let frames = this.hear(line); frames.length > 0; frames = this.hear(line)) {
      for (const frame of frames) if (frame.type === 'batch') this.take(frame)
      this.ack(line)
      await settle()
    }
  }
}
