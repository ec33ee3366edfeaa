// What a node counts, read from its /metrics as an operator's monitoring does.
export interface Counting {
  readonly url: string
  readonly token: string
}

/** A counter or gauge without labels; a node that does not have it is a defect of the rig. */
export async function nodeFigure({ url, token }: Counting, name: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const found = new RegExp(`^${name} ([0-9]+)$`, 'm').exec(await answer.text())?.[1]
  if (found === undefined) throw new Error(`${url} tells no ${name}`)
  return Number(found)
}
