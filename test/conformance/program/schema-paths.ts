// Paths through schemas and through documents, as the maps write them: names joined by dots; lists and alternatives are gone through; `=value` at the end is
// a value the field can have. Conditions nest: what stands anywhere in a `when` is told as `when.…`.
import type { TSchema } from 'typebox'

type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const nodesIn = (value: unknown): Node[] => (Array.isArray(value) ? value : [value]).filter(isNode)

/** Whether a schema has a field, or a value of it. */
export function schemaHas(schema: TSchema, path: string): boolean {
  const [fields = '', value] = path.split('=')
  // A schema is a JSON object.
  let nodes = alternatives(schema as unknown as Node, {})
  for (const name of fields === '' ? [] : fields.split('.'))
    nodes = nodes.flatMap(({ node, defs }) => {
      const field = (node.properties as Node | undefined)?.[name]
      return isNode(field) ? alternatives(field, defs) : []
    })
  return value === undefined ? nodes.length > 0 : nodes.some(({ node }) => allows(node, value))
}

interface Found {
  readonly node: Node
  /** What references in it stand for. */
  readonly defs: Node
}

/** A schema without its lists, unions and references. */
function alternatives(node: Node, outer: Node): Found[] {
  const defs = isNode(node.$defs) ? { ...outer, ...node.$defs } : outer
  if (typeof node.$ref === 'string') {
    const target = defs[node.$ref.replace(/^#\/\$defs\//, '')]
    return isNode(target) ? alternatives(target, defs) : []
  }
  const inner = [...nodesIn(node.anyOf ?? []), ...nodesIn(node.items ?? [])]
  return inner.length === 0 ? [{ node, defs }] : inner.flatMap((one) => alternatives(one, defs))
}

function allows({ const: only, enum: words, type }: Node, value: string): boolean {
  if (only !== undefined) return only === value
  return Array.isArray(words) ? words.includes(value) : type === 'string'
}

/** All paths that a document has. */
export function pathsOf(value: unknown, at = ''): Set<string> {
  const paths = new Set<string>()
  const visit = (one: unknown, path: string): void => {
    if (Array.isArray(one)) for (const item of one) visit(item, path)
    else if (isNode(one))
      for (const [name, field] of Object.entries(one)) {
        const own = path === '' ? name : `${path}.${name}`
        paths.add(own)
        visit(field, ['all', 'any', 'not'].includes(name) && path.endsWith('.when') ? path : own)
      }
    else paths.add(`${path}=${String(one)}`)
  }
  visit(value, at)
  return paths
}
