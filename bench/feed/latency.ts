// How long an activity takes from its commit into a real browser, at a steady rate of sales: until the page's socket has it, and until its row is drawn. Both ends
// read the clock of one machine; the commit's time is the activity's own, so evaluation, COMMIT with fsync, framing, network and script are all in it.
import { chromium } from 'playwright-core'
import { existsSync } from 'node:fs'
import { quantile, tell, tellSkipped } from '../bench.ts'
import { startChild } from '../peers/child.ts'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const SALES = 400
const EVERY_MS = 10
const FIGURE = 'from a commit into a browser, 100 sales a second'

interface Seen {
  readonly socket: number[]
  readonly drawn: number[]
}

/** Runs in the page: collects until `count` activities came by a socket of its own and as rows. */
function collect({ token, count }: { token: string; count: number }): Promise<Seen> {
  return new Promise((resolve) => {
    const socket: number[] = []
    const drawn: number[] = []
    const known = new Set<string>()
    const times = new Map<string, number>()
    const done = (): void => {
      if (socket.length >= count && drawn.length >= count) resolve({ socket, drawn })
    }
    const look = (): void => {
      for (const row of document.querySelectorAll<HTMLElement>('.rows button')) {
        const position = row.dataset.position ?? ''
        const time = times.get(position)
        if (time === undefined || known.has(position)) continue
        known.add(position)
        drawn.push(Date.now() - time)
      }
      done()
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true })
    const line = new WebSocket(
      `${location.origin.replace('http', 'ws')}/v1/feed?token=${token}&kinds=sale&epoch=1&after=0`,
    )
    line.addEventListener('message', ({ data }) => {
      const { activities = [] } = JSON.parse(String(data)) as {
        activities?: { position: number; time: string }[]
      }
      for (const { position, time } of activities) {
        times.set(String(position), Date.parse(time))
        socket.push(Date.now() - Date.parse(time))
      }
      done()
    })
  })
}

export async function latency(): Promise<void> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path))
  if (executablePath === undefined) return tellSkipped('feed', FIGURE, 'Chromium')
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${edge.hello.listening}/#token=${edge.hello.admin}`)
    await page.getByRole('heading', { name: 'Bench' }).waitFor()
    const seen = page.evaluate(collect, { token: edge.hello.admin, count: SALES })
    for (let n = 0; n < SALES; n++) {
      edge.process.stdin?.write('1\n')
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
    const { socket, drawn } = await seen
    const at = (values: readonly number[], part: number): number => quantile(values, part)
    tell({
      bench: 'feed',
      figure: `${FIGURE}: p50`,
      ours: at(socket, 0.5),
      peer: at(drawn, 0.5),
      peerName: 'until its row is drawn (the page draws ten times a second)',
      unit: 'ms',
      notes: { socketP99: at(socket, 0.99), drawnP99: at(drawn, 0.99) },
    })
  } finally {
    await browser.close()
    await edge.stop()
  }
}
