// What is read and is not what was written, though SQLite has nothing to say against it.

/** A row, or what rows say of each other. It breaks the store (S-4): a caller gets an error, never a wrong value. */
export class UnsoundRow extends Error {}
