// What the cloud is not known to have of a ledger, as SQL: asked by the node, and by who looks at a file that no node works on.
import { SEQ_SPAN } from '../../protocol/ids.ts'

/** How many facts of ended lives the cloud is not known to have and that were not recorded again yet. */
export const OWED = `SELECT count(*) FROM lives l JOIN facts f ON f.id > l.origin * ${SEQ_SPAN} + l.same AND f.id < (l.origin + 1) * ${SEQ_SPAN}
  WHERE l.state = 'closed' AND l.settled = 0 AND f.id NOT IN (SELECT id FROM strays)`

/** The same of all lives, the open one too. */
export const UNSYNCED = `SELECT (SELECT coalesce(max(id - origin * ${SEQ_SPAN}), 0) FROM facts, edge WHERE id > origin * ${SEQ_SPAN}) - synced + (${OWED}) FROM standing`
