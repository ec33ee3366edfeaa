// The planted bug of the power rig, loaded before a node (`node --import`): a database library that is asked for synchronous=FULL, does NORMAL, and says
// FULL when it is asked. The node itself is the real one, unchanged: it reads back what it set and believes it.
import Sqlite from 'better-sqlite3'

const FULL = 2
// The prototype's own method, called with whatever the node calls it with.
// oxlint-disable-next-line typescript/unbound-method -- called through Reflect.apply with its own this
const { pragma } = Sqlite.prototype

Sqlite.prototype.pragma = function lying(
  this: Sqlite.Database,
  source: string,
  options?: Sqlite.PragmaOptions,
) {
  const asked = source.replaceAll(' ', '')
  if (asked === 'synchronous=FULL') return pragma.call(this, 'synchronous = NORMAL', options)
  const answer: unknown = pragma.call(this, source, options)
  return asked === 'synchronous' && options?.simple === true ? FULL : answer
}
