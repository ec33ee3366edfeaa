// What a subscriber of the feed costs the node in memory, beside one of raw uWebSockets.js: resident bytes before and after so many have come, idle.
import { tell, tellSkipped } from '../bench.ts'
import { startChild } from '../peers/child.ts'
import type { Child } from '../peers/child.ts'
import { openReaders } from './readers.ts'

/** As many as the node takes (FEED_SUBSCRIBERS_MAX). */
const READERS = 1_000
const STEP = 50
const FIGURE = 'resident memory per subscriber'

/** Growth per reader, in bytes; undefined where the system does not tell. */
async function perReader(child: Child<object>, path: string): Promise<number | undefined> {
  const url = `ws://127.0.0.1:${child.hello.listening}${path}`
  // The first few bring what is needed once.
  const readers = await openReaders(url, () => 0, STEP)
  const before = child.residentBytes()
  while (readers.length < READERS) readers.push(...(await openReaders(url, () => 0, STEP)))
  const after = child.residentBytes()
  const more = readers.length - STEP
  for (const reader of readers) reader.close()
  return before === undefined || after === undefined ? undefined : (after - before) / more
}

export async function memory(): Promise<void> {
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  const peer = await startChild('publish-server.ts')
  try {
    const ours = await perReader(edge, `/v1/feed?token=${edge.hello.admin}`)
    const raw = await perReader(peer, '/feed')
    if (ours === undefined || raw === undefined) tellSkipped('feed', FIGURE, 'a system that tells it (/proc)')
    else
      tell({ bench: 'feed', figure: FIGURE, ours, peer: raw, peerName: 'raw uWebSockets.js', unit: 'bytes' })
  } finally {
    await Promise.all([edge.stop(), peer.stop()])
  }
}
