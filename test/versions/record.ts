// Records what this release says on the wire as its protocol version: `npm run record`, once per version, when PROTOCOL_VERSION was raised.
import { PROTOCOL_VERSION } from '../../protocol/version.ts'
import { folderOf, writeRecorded } from './recording.ts'

try {
  console.log(`${writeRecorded(PROTOCOL_VERSION)} recorded in ${folderOf(PROTOCOL_VERSION)}`)
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause)
  process.exitCode = 1
}
