// The names of a platform's contract that the tests need: the project's own copy, compared with the contract itself where that is at hand.
export interface ContractOperation {
  readonly method: string
  readonly on: 'list' | 'one'
  readonly status: number
  readonly scopes_all: readonly string[]
  readonly scopes_any: readonly (readonly string[])[]
  readonly one_or_more_of: readonly string[]
  readonly forbidden: readonly string[]
  /** Parameters of the query, and of the body. */
  readonly params: readonly string[]
  readonly body: readonly string[]
}

export interface ContractResource {
  readonly name: string
  readonly operations: readonly ContractOperation[]
  readonly fields: readonly string[]
  readonly rules: readonly string[]
}

export interface Contract {
  readonly resources: readonly ContractResource[]
  readonly contradictions: number
  readonly undocumented: number
}

export function contractOf(text: string): Contract {
  // The file is this project's own.
  return JSON.parse(text) as Contract
}
