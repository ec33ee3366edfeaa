/** What the person who typed the command can mend: shown as its one sentence, without a stack. Everything else is a defect or a bug. */
export class PlainFault extends Error {}
