// The node cannot start as it was told to, and a person has to change something: a sentence, no stack.
export class StartRefused extends Error {}
