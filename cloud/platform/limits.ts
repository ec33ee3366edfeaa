// Every bound of who may do what, with its unit. What happens at each bound is a rule in SPEC.md.

export const PASSWORD_CHARS_MIN = 10
export const PASSWORD_CHARS_MAX = 200
/** argon2id: 19 MiB and two passes a hash (OWASP's figures); so many at once, and so many that wait for one. */
export const PASSWORD_MEMORY_KIB = 19_456
export const PASSWORD_PASSES = 2
export const PASSWORD_HASHES_MAX = 2
export const PASSWORD_HASHES_WAITING_MAX = 32

/** Wrong passwords of one account, of one address, and of all, in a window. */
export const LOGIN_WINDOW_MS = 5 * 60_000
export const LOGIN_ACCOUNT_WRONG_MAX = 10
export const LOGIN_ADDRESS_WRONG_MAX = 50
export const LOGIN_WRONG_TOTAL_MAX = 5_000

/** A login in a browser, and how long that browser is known afterwards (as long as browsers keep a cookie). */
export const BROWSER_SESSION_MS_MAX = 12 * 3_600_000
export const KNOWN_BROWSER_MS_MAX = 400 * 24 * 3_600_000
export const INVITATION_MS_MAX = 7 * 24 * 3_600_000
/** A link for a new password or another address. */
export const PROOF_MS_MAX = 60 * 60_000
/** E-mails with secrets that one address is sent, one caller (a network address, a person, a business) asks for, and all together, in a window. */
export const LETTERS_WINDOW_MS = 60 * 60_000
export const LETTERS_EACH_MAX = 5
export const LETTERS_CALLER_MAX = 50
export const LETTERS_TOTAL_MAX = 5_000
/** E-mail addresses and telephone numbers of one person. */
export const CONTACTS_OF_PERSON_MAX = 20
export const IDENTIFY_TOKEN_MS_MAX = 30 * 60_000
export const IDENTIFY_CODE_MS_MAX = 30_000

/** Stores that somebody of staff is limited to. */
export const STAFF_LOCATIONS_MAX = 100

export const REDIRECT_URIS_MAX = 20
export const REDIRECT_URI_CHARS_MAX = 2_000
export const STATE_CHARS_MAX = 2_000
/** How often what ran out is taken away, and rows of each kind at a time. */
export const PLATFORM_SWEEP_MS = 10 * 60_000
export const PLATFORM_SWEEP_MAX = 1_000
