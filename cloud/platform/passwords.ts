// Passwords as argon2id. A hash takes 19 MiB and some 30 ms of a core, so only a few are made at once and a few wait; more are told to come again,
// for otherwise a thousand wrong logins would stop everything else (PL-9).
import { hash, verify } from '@node-rs/argon2'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import {
  PASSWORD_CHARS_MAX,
  PASSWORD_CHARS_MIN,
  PASSWORD_HASHES_MAX,
  PASSWORD_HASHES_WAITING_MAX,
  PASSWORD_MEMORY_KIB,
  PASSWORD_PASSES,
} from './limits.ts'

const OPTIONS = { algorithm: 2, memoryCost: PASSWORD_MEMORY_KIB, timeCost: PASSWORD_PASSES, parallelism: 1 }

export class Passwords {
  #running = 0
  readonly #waiting: (() => void)[] = []
  /** What a password of nobody is compared with, so that it takes as long as one of somebody. */
  #nobody: string | undefined

  async hash(password: string): Promise<Result<string>> {
    if (password.length < PASSWORD_CHARS_MIN || password.length > PASSWORD_CHARS_MAX)
      return refuse(
        'input_invalid',
        `A password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`,
        '/password',
      )
    return this.#inTurn(() => hash(password.normalize('NFKC'), OPTIONS))
  }

  /** Takes as long where there is no hash, and answers no. */
  async accepts(password: string, kept: string | null): Promise<Result<boolean>> {
    if (password.length > PASSWORD_CHARS_MAX) return accept(false)
    return this.#inTurn(async () => {
      this.#nobody ??= await hash('nobody', OPTIONS)
      const fits = await verify(kept ?? this.#nobody, password.normalize('NFKC'))
      return fits && kept !== null
    })
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<Result<T>> {
    if (this.#running >= PASSWORD_HASHES_MAX) {
      if (this.#waiting.length >= PASSWORD_HASHES_WAITING_MAX)
        return refuse('busy', 'Many log in at once; try again in a moment')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return accept(await work())
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
