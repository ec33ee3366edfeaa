// Which businesses are served in a dialect. Every request asks, so the answer is kept for a moment: a business that was just enabled shows up within it.
import type { Clock } from '../../../protocol/time.ts'
import type { PlatformReads } from '../../store/platform-port.ts'

const KEPT_MS = 500
const PAGE = 500

export function servedTenants(
  read: Pick<PlatformReads, 'tenantList'>,
  dialect: string,
  clock: Clock,
): () => Promise<readonly number[]> {
  let kept: { readonly until: number; readonly tenants: readonly number[] } | undefined
  return async () => {
    const now = clock.now()
    // A clock that was set back must not keep an old answer for long.
    if (kept !== undefined && now < kept.until && now >= kept.until - KEPT_MS) return kept.tenants
    const tenants: number[] = []
    for (let after = 0, full = true; full;) {
      const page = await read.tenantList({ after, limit: PAGE })
      tenants.push(...page.filter(({ dialects }) => dialects.includes(dialect)).map(({ id }) => id))
      after = page.at(-1)?.id ?? after
      full = page.length === PAGE
    }
    kept = { until: now + KEPT_MS, tenants }
    return tenants
  }
}
