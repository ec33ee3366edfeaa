// Devices that speak the sync protocol with a real cloud and remember what it acknowledged and when: the outside log of the cloud's side.
import { generateKeyPairSync } from 'node:crypto'
import { askOk, pick } from '../../../cloud/demo/ask.ts'
import { exportPublicKey } from '../../../protocol/envelope.ts'
import { Device } from '../../support/cloud-node.ts'
import type { Enrolled } from '../../support/cloud-node.ts'
import type { HeardAck } from './opened-cloud.ts'

const DEVICES = 2
/** Small, so that there are many acknowledgements. */
const BATCH_FACTS = 4
const START = Date.UTC(2026, 2, 2, 9)

/** A device of a store of its own. */
export async function enrolDevice(url: string, token: string, name: string): Promise<Device> {
  const made = await askOk(`${url}/v1/stores`, { method: 'POST', token, body: { name, zone: 'UTC' } })
  const codes = `${url}/v1/stores/${pick(made, 'number', 'id')}/codes`
  const code = pick(await askOk(codes, { method: 'POST', token, body: {} }), 'string', 'code')
  const keys = generateKeyPairSync('ed25519')
  const body = { code, public_key: exportPublicKey(keys.publicKey), software: 'rig/1' }
  return new Device(
    url,
    keys.privateKey,
    (await askOk(`${url}/v1/enrol`, { method: 'POST', body })) as Enrolled,
  )
}

export class CloudDevices {
  readonly acks: HeardAck[] = []
  readonly #devices: readonly Device[]

  private constructor(devices: readonly Device[]) {
    this.#devices = devices
  }

  static async enrol(url: string, token: string): Promise<CloudDevices> {
    const devices: Device[] = []
    for (let n = 0; n < DEVICES; n++) devices.push(await enrolDevice(url, token, `Device ${n}`))
    const all = new CloudDevices(devices)
    await all.connect()
    return all
  }

  async connect(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.connect()))
  }

  /** So many facts each, batch after batch, each acknowledged before the next. */
  async send(facts: number): Promise<void> {
    await Promise.all(this.#devices.map((device) => this.#sendAll(device, facts)))
  }

  close(): void {
    for (const { line } of this.#devices) line.socket.terminate()
  }

  async #sendAll(device: Device, count: number): Promise<void> {
    let sent = device.seq
    const goal = sent + count
    const member = device.enrol({ at: START }, [{ kind: 'card', value: `d${device.edge}-${sent}` }])
    while (sent < goal) {
      while (device.seq < Math.min(goal, sent + BATCH_FACTS))
        device.sale({ at: START + device.seq * 1_000, member }, [{ sku: 'A', amount: 100 + device.seq }])
      await device.sync(sent + 1)
      sent = device.seq
      const hash = device.hashes[sent] ?? new Uint8Array()
      this.acks.push({ origin: device.origin, seq: sent, hash, at: process.hrtime.bigint() })
    }
  }
}
