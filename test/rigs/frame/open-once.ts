// A process of its own that opens a store's ledger or a cloud's store with the node's code and closes it: `node open-once.ts edge|cloud DIRECTORY`.
import { openSqliteStore } from '../../../cloud/store/sqlite/sqlite-store.ts'
import { openLedger } from '../../../edge/ledger/ledger.ts'

const [side, directory = ''] = process.argv.slice(2)
if (side === 'edge') openLedger({ directory }).close()
else await openSqliteStore({ directory }).close()
