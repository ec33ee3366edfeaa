// What the person at the keyboard may say to the demo while it runs.

export type OperatorCommand =
  | { readonly does: 'cut' | 'heal'; readonly store: number }
  | { readonly does: 'status' | 'help' | 'quit' | 'nothing' }
  | { readonly does: 'unknown'; readonly sentence: string }

export const OPERATOR_HELP = `  cut N    cut store N's network; its tills go on selling
  heal N   give it back
  status   what each store has sold and synced
  quit     stop everything (so does Ctrl-C)`

/** `stores`: how many there are, numbered from 1. */
export function operatorCommand(line: string, stores: number): OperatorCommand {
  const words = line.trim().toLowerCase().split(/\s+/)
  const [word = '', argument] = words
  switch (word) {
    case '':
      return { does: 'nothing' }
    case 'cut':
    case 'heal': {
      const store = Number(argument)
      if (words.length === 2 && Number.isInteger(store) && store >= 1 && store <= stores)
        return { does: word, store }
      return { does: 'unknown', sentence: `Say ${word} and a store's number, 1 to ${stores}: "${word} 1".` }
    }
    case 'status':
    case 'help':
      return { does: word }
    case 'quit':
    case 'exit':
      return { does: 'quit' }
    default:
      return { does: 'unknown', sentence: `"${word}" is no command. There are:\n${OPERATOR_HELP}` }
  }
}
