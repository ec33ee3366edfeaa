// A real Chromium for the suites that need one; where there is none they are skipped, and say why.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const EXECUTABLE = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path))

/** Why the browser suites cannot run here; undefined when they can. */
export const NO_BROWSER =
  EXECUTABLE === undefined
    ? 'no Chromium on this machine: install the package chromium, or name one with CHROMIUM=PATH'
    : undefined

export function openBrowser(): Promise<Browser> {
  if (EXECUTABLE === undefined) throw new Error(NO_BROWSER)
  return chromium.launch({
    executablePath: EXECUTABLE,
    // It is to speak to the node under test and to nobody else.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
