// Keeps the store's certificate good (TLS-3): it is asked for early, over the link, long before it ends, and again when the machine is reached by names
// it does not cover. Until the answer is here and proven the old one is served; a private key is made for each request and never leaves.
import { generateKeyPairSync } from 'node:crypto'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import type { Held } from '../../protocol/frames/holds.ts'
import { CERTIFICATE_LOOK_MS, CERTIFICATE_RENEW_DAYS, CERTIFICATE_WARN_DAYS } from '../../protocol/limits.ts'
import { DAY_MS } from '../../protocol/time.ts'
import type { Cancel, System } from '../system.ts'
import { heldKey, readCertificate, writeCertificate } from './certificate-file.ts'
import type { HeldCertificate } from './certificate-file.ts'

export interface NewTlsKey {
  /** PEM. */
  readonly privateKey: string
  readonly request: CertificateRequest
}

/** A key, and what a certificate for it is asked with. */
export function newTlsKey(names: readonly string[]): NewTlsKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    request: {
      public_key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      names: [...names],
    },
  }
}

export interface CertificateKeeperOptions {
  readonly directory: string
  readonly system: System
  /** The store's time (CLK). */
  readonly now: () => number
  readonly names: () => readonly string[]
  /** Whether one is asked for where there is none: TLS is to be served. */
  readonly needed: boolean
  /** Hands the request to the cloud; false where it is not in reach. */
  readonly ask: (request: CertificateRequest) => boolean
  /** Tells the cloud which certificate is held, where that is in reach. */
  readonly say: (certificate: Held | null) => void
  /** Another certificate is held. */
  readonly onChanged: (certificate: HeldCertificate) => void
  /** It nears its end. Said once a process, and again after each renewal. */
  readonly onEnding: (until: number) => void
}

export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions
  #held: HeldCertificate | undefined
  /** Private key of the request that is out. */
  #asked: string | undefined
  #warned = false
  #cancel: Cancel = () => undefined

  constructor(options: CertificateKeeperOptions) {
    this.#options = options
    this.#held = readCertificate(options.directory)
  }

  get held(): HeldCertificate | undefined {
    return this.#held
  }

  /** Looks now and every CERTIFICATE_LOOK_MS. */
  start(): void {
    this.look()
    this.#cancel = this.#options.system.after(CERTIFICATE_LOOK_MS, () => this.start())
  }

  /** The cloud is in reach: what was asked on an earlier line is not answered any more. */
  online(): void {
    this.#asked = undefined
    this.#options.say(this.#held?.word ?? null)
    this.look()
  }

  stop(): void {
    this.#cancel()
  }

  look(): void {
    const { names, needed, now, onEnding } = this.#options
    const held = this.#held
    if (held === undefined ? needed : this.#isOld(held) || names().some((name) => !held.covers(name)))
      this.#ask()
    if (held !== undefined && !this.#warned && held.until - now() < CERTIFICATE_WARN_DAYS * DAY_MS) {
      this.#warned = true
      onEnding(held.until)
    }
  }

  /**
   * What the cloud answered, or sends unasked for the key it knows of, when its CA has changed (TLS-7). A certificate for no key that is here is dropped: what
   * was asked for is asked for at the next look, what came unasked says that this one is no good any more.
   */
  take(certified: Certified): void {
    const { directory, onChanged, say } = this.#options
    const asked = this.#asked
    const keys = [asked, heldKey(directory)].filter((key) => key !== undefined)
    for (const key of keys) {
      const held = writeCertificate(directory, key, certified)
      if (held === undefined) continue
      if (key === asked) this.#asked = undefined
      this.#held = held
      this.#warned = false
      say(held.word)
      return onChanged(held)
    }
    this.#asked = undefined
    if (asked === undefined) this.#ask()
  }

  #isOld({ until }: HeldCertificate): boolean {
    return until - this.#options.now() < CERTIFICATE_RENEW_DAYS * DAY_MS
  }

  #ask(): void {
    const { names, ask } = this.#options
    if (this.#asked !== undefined) return
    const { privateKey, request } = newTlsKey(names())
    if (ask(request)) this.#asked = privateKey
  }
}
