// What axe-core has to say about a page as it stands, as far as it is serious.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

interface Axe {
  run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>
}

export async function seriousFaults(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  // The page's policy runs no script from elsewhere; the checker comes past it, by the debugger.
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { axe: checker } = window as unknown as { axe: Axe }
    return (await checker.run()).violations.map(
      ({ id, impact, nodes }) => `${impact}: ${id} ${nodes[0]?.html}`,
    )
  })
  return found.filter((one) => /^(serious|critical)/.test(one))
}
