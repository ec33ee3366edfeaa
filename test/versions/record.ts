// Records what this release says on the wire, and how it keeps it in files, as its protocol version: `npm run record`, once per version, when PROTOCOL_VERSION was raised.
import { PROTOCOL_VERSION } from '../../protocol/version.ts'
import { writeFiles } from './recorded-files.ts'
import { folderOf, writeRecorded } from './recording.ts'

try {
  console.log(`${writeRecorded(PROTOCOL_VERSION)} recorded in ${folderOf(PROTOCOL_VERSION)}`)
  await writeFiles(PROTOCOL_VERSION)
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause)
  process.exitCode = 1
}
