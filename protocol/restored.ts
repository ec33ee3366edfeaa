/**
 * What `tillstream restore` writes into the header of an SQLite file (`application_id`), so that the node which opens it knows that it is an older
 * state of something that went on. The node begins its next life or epoch and takes the mark off. "TsRs".
 */
export const RESTORED_MARK = 0x54_73_52_73
