// The inputs of the local API as a program outside writes them: plain numbers where the node has its own branded ones.
import type { InputOf, QuoteInput, TerminalKind } from '../till/inputs.ts'

type Plain<T> = T extends number
  ? number
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Plain<T[Name]> }
      : T

export type CallInput<K extends TerminalKind> = Plain<InputOf<K>>
export type QuoteCallInput = Plain<QuoteInput>
