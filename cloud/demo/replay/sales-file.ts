// Reads a sales file, plain or gzip (told by its first bytes, not by its name), into the plan of a replay.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { CsvReader } from './csv.ts'
import { Planner } from './plan.ts'
import type { Plan } from './plan.ts'
import { RowParser, SalesFileFault } from './rows.ts'

const PIECE_BYTES = 256 * 1024

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

export async function planOfFile(path: string): Promise<Plan> {
  try {
    const zipped = await isGzip(path)
    const file = createReadStream(path, { highWaterMark: PIECE_BYTES })
    if (!zipped) return await planOfText(file)
    const unzipped = createGunzip({ chunkSize: PIECE_BYTES })
    file.on('error', (error) => unzipped.destroy(error))
    return await planOfText(file.pipe(unzipped))
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT') throw new SalesFileFault(`There is no file ${path}.`, { cause })
    if (code === 'EISDIR') throw new SalesFileFault(`${path} is a folder, not a sales file.`, { cause })
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR')
      throw new SalesFileFault(`${path} is a damaged or cut off gzip file.`, { cause })
    throw cause
  }
}

/** The pieces are bytes of UTF-8 text and may end anywhere. */
export async function planOfText(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Plan> {
  const planner = new Planner()
  let parser: RowParser | undefined
  const reader = new CsvReader({
    fields(fields) {
      const rows = parser
      if (rows === undefined) parser = new RowParser(fields)
      else planner.add((row) => rows.parse(row, fields), fields)
    },
    malformed(text, why) {
      if (parser === undefined)
        throw new SalesFileFault(`The first line of the sales file is no CSV: ${why}.`)
      planner.add(() => ({ ok: false, fault: { reason: 'row_unparsable', detail: why } }), [text])
    },
  })
  const decoder = new TextDecoder('utf-8')
  for await (const piece of pieces) reader.push(decoder.decode(piece, { stream: true }))
  reader.push(decoder.decode())
  reader.end()
  if (parser === undefined)
    throw new SalesFileFault('The sales file is empty; its first line must name the columns.')
  return planner.finish()
}
