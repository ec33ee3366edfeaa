// Condition trees: bounded in depth and size, a window only where something is counted by day, and no two segments that each wait for the other.
import { CONDITIONS_MAX, CONDITION_DEPTH_MAX } from '../document/conditions.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentIssue } from './issue.ts'
import { conditionsOf, nodesOf, placed } from './places.ts'

export function* conditionIssues(document: ProgramDocument): Generator<DocumentIssue> {
  for (const { path, condition } of conditionsOf(document)) {
    let count = 0
    let tooDeep = false
    for (const node of nodesOf(condition, path)) {
      count += 1
      if (node.depth > CONDITION_DEPTH_MAX && !tooDeep) {
        tooDeep = true
        yield {
          path: node.path,
          code: 'condition_too_deep',
          message: `a condition is at most ${CONDITION_DEPTH_MAX} levels deep; make a segment of a part of it`,
        }
      }
      if ('metric' in node.node && node.node.part !== 'earned' && node.node.window !== undefined)
        yield {
          path: `${node.path}/window`,
          code: 'window_unusable',
          message: `only "earned" is kept by day, ${node.node.part} is what it is now; leave the window out`,
        }
    }
    if (count > CONDITIONS_MAX)
      yield {
        path,
        code: 'condition_too_large',
        message: `a condition has at most ${CONDITIONS_MAX} parts, this one ${count}; use lists, or make a segment of a part of it`,
      }
  }
  yield* segmentCycles(document)
}

interface Asked {
  readonly path: string
  readonly segment: number
}

/** A segment whose condition asks, over whatever way, for itself: what it is would depend on the order of looking. */
function* segmentCycles(document: ProgramDocument): Generator<DocumentIssue> {
  const asks = new Map<number, Asked[]>()
  for (const { path, item } of placed(document, 'segments')) {
    const nodes = item.when === undefined ? [] : [...nodesOf(item.when, `${path}/when`)]
    asks.set(
      item.id,
      nodes.flatMap((found) =>
        'segment' in found.node ? [{ path: `${found.path}/segment`, segment: found.node.segment }] : [],
      ),
    )
  }
  const done = new Set<number>()
  for (const start of asks.keys()) {
    // Walks without recursion: a chain may be as long as there are segments.
    const open = [{ id: start, next: 0 }]
    while (open.length > 0) {
      const top = open.at(-1)
      if (top === undefined) break
      const asked = done.has(top.id) ? undefined : asks.get(top.id)?.[top.next++]
      if (asked === undefined) {
        done.add(top.id)
        open.pop()
        continue
      }
      const at = open.findIndex(({ id }) => id === asked.segment)
      if (at < 0) open.push({ id: asked.segment, next: 0 })
      else {
        const way = [...open.slice(at).map(({ id }) => id), asked.segment].join(' asks for ')
        yield {
          path: asked.path,
          code: 'segment_cycle',
          message: `segments go round in a circle: ${way}; take one of them out`,
        }
      }
    }
  }
}
