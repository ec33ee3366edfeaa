// Reading a body under its cap. A declared length above the cap is refused before a byte is read; a body without a length is read up to the cap and
// then let go, so that nobody can make the node hold more than BODY_BYTES_MAX for one request.
import type { IncomingMessage } from 'node:http'
import { BODY_BYTES_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'

const tooLarge = (most: number): Result<never> =>
  refuse('body_too_large', `A body may have ${most} bytes; send it in parts`)

export function checkDeclaredLength(length: string | undefined, most = BODY_BYTES_MAX): Result<null> {
  return length !== undefined && Number(length) > most ? tooLarge(most) : accept(null)
}

/** Straight from the request: a web stream around it costs more than all that is done with a small body. */
export function readBody(incoming: IncomingMessage, most = BODY_BYTES_MAX): Promise<Result<Buffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const take = (chunk: Uint8Array): void => {
      size += chunk.byteLength
      if (size > most) settle(() => resolve(tooLarge(most)))
      else chunks.push(chunk)
    }
    const end = (): void => settle(() => resolve(accept(Buffer.concat(chunks))))
    const cut = (): void => settle(() => reject(new Error('the request was cut off')))
    const settle = (call: () => void): void => {
      incoming.off('data', take).off('end', end).off('error', cut).off('close', cut)
      // What comes after the cap is not read; the connection ends with the answer.
      incoming.pause()
      call()
    }
    incoming.on('data', take).once('end', end).once('error', cut).once('close', cut)
  })
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The JSON value in a body; an empty one is no value. */
export function parseBody(bytes: Uint8Array): Result<unknown> {
  if (bytes.length === 0) return refuse('body_malformed', 'The body is empty; send a JSON object')
  try {
    return accept(JSON.parse(decoder.decode(bytes)))
  } catch {
    return refuse('body_malformed', 'The body is not JSON in UTF-8')
  }
}
