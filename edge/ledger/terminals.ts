// SKELETON, signatures final.
export const ROLES = ['terminal', 'manager', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Terminal {
  readonly name: string
  readonly role: Role
}

export declare class Terminals {
  list(): Terminal[]
  /** False when the name is taken. */
  add(terminal: Terminal, tokenHash: Uint8Array): boolean
  /** False when there is none of this name. */
  remove(name: string): boolean
  find(tokenHash: Uint8Array): Terminal | undefined
}
