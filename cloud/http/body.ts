// Reading a body under its cap. A declared length above the cap is refused before a byte is read; a body without a length is read up to the cap and
// then let go, so that nobody can make the node hold more than BODY_BYTES_MAX for one request.
import { BODY_BYTES_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'

const tooLarge = (): Result<never> =>
  refuse('body_too_large', `A body may have ${BODY_BYTES_MAX} bytes; send it in parts`)

export function checkDeclaredLength(length: string | undefined): Result<null> {
  return length !== undefined && Number(length) > BODY_BYTES_MAX ? tooLarge() : accept(null)
}

export async function readBody(body: ReadableStream<Uint8Array> | null): Promise<Result<Uint8Array>> {
  if (body === null) return accept(new Uint8Array(0))
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return accept(Buffer.concat(chunks))
    size += value.byteLength
    if (size > BODY_BYTES_MAX) {
      void reader.cancel().catch(() => undefined)
      return tooLarge()
    }
    chunks.push(value)
  }
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
