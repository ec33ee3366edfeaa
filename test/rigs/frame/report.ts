// The table a run of the rigs ends with: one line per row of a rig, and for a fault without one the reason. Plain text, fixed widths.
import { FAULTS, FAULT_CODES } from './faults.ts'
import type { Fault } from './faults.ts'
import { FIGURES } from './rig.ts'
import type { RigRow } from './rig.ts'

/** A rig that could not run here or broke, and a fault no rig is for. */
export interface Remark {
  readonly fault: Fault
  readonly text: string
}

/** What is not as it must be, as sentences; empty when the run is good. */
export function wrongIn(rows: readonly RigRow[]): string[] {
  return rows.flatMap(({ fault, what, figures, faults = [] }) => [
    ...FIGURES.flatMap((figure) => {
      const count = figures[figure] ?? 0
      return count === 0 ? [] : [`${fault} ${what}: ${figure} = ${count}`]
    }),
    ...faults.map((sentence) => `${fault} ${what}: ${sentence}`),
  ])
}

export function tableOf(rows: readonly RigRow[], remarks: readonly Remark[]): string {
  const lines = FAULT_CODES.flatMap((fault) => [
    ...rows.filter((row) => row.fault === fault).map(lineOf),
    ...remarks
      .filter((remark) => remark.fault === fault)
      .map(({ text }) => `${fault}  ${FAULTS[fault]}: ${text}`),
  ])
  return [`fault ${FIGURES.map((figure) => figure.padStart(3)).join('')}  recovery  what`, ...lines].join(
    '\n',
  )
}

function lineOf({ fault, what, figures, recoveryMs, faults = [] }: RigRow): string {
  const counts = FIGURES.map((figure) => String(figures[figure] ?? '·').padStart(3)).join('')
  const recovery = recoveryMs === undefined ? '' : `${(recoveryMs / 1000).toFixed(2)} s`
  const bad = faults.length === 0 ? '' : `  WRONG: ${faults.join('; ')}`
  return `${fault}   ${counts}  ${recovery.padStart(8)}  ${FAULTS[fault]}: ${what}${bad}`
}
