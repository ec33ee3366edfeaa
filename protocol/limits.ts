// Every bound that edge and cloud must agree on, or that a caller can run into, with its unit (P-LIM-1).
// What happens at each bound is a rule in the SPEC.md of the part that owns it.

/** A body of the local or HQ API. A sale of 5,000 lines fits in about 600 KiB. */
export const BODY_BYTES_MAX = 1024 * 1024
/** Lines of one sale or return. The longest invoice in the real data has 1,114. */
export const LINES_MAX = 5_000
export const TENDERS_MAX = 20
/** Pieces of one activity. */
export const ACTIVITY_QUANTITY_MAX = 10_000
export const KEY_CHARS_MAX = 64
export const TEXT_CHARS_MAX = 200

/** One fact, encoded. 5,000 lines of about 60 bytes. */
export const FACT_BYTES_MAX = 512 * 1024
/**
 * Facts in one sync batch, and their bytes together: small enough to resume quickly on a bad line, where a thousand sales are some 47 kB, and large enough that what
 * every batch costs both ends (signature, unpacking, message) is little beside its facts (the sync bench).
 */
export const BATCH_FACTS_MAX = 1_000
export const BATCH_BYTES_MAX = 1024 * 1024
/** Batches an edge may have sent and not yet seen acknowledged: those of one commit of the cloud, those that are opened meanwhile, and those on their way. */
export const BATCHES_IN_FLIGHT_MAX = 12
/** One sync frame: a batch, its framing and its signature, with room. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024
/** Frames from this size on are packed; below it there is nothing to win. */
export const PACK_BYTES_MIN = 256
/** Nesting and items of one CBOR frame, checked before decoding. */
export const CBOR_DEPTH_MAX = 8
export const CBOR_ITEMS_MAX = 200_000
/** Member states in one downstream frame. */
export const MEMBERS_FRAME_MAX = 200
export const CORRECTIONS_FRAME_MAX = 200

/** A fact in base64. */
export const RECORD_CHARS_MAX = Math.ceil(FACT_BYTES_MAX / 3) * 4
/** The name of what a conflict is about. */
export const CONFLICT_SUBJECT_CHARS_MAX = 64

/** Money: 100 million of a currency with two digits. With POINTS_PER_UNIT_MAX, products stay under 2^53. */
export const AMOUNT_MAX = 10_000_000_000
/** Thousandths: one million pieces. */
export const QUANTITY_MAX = 1_000_000_000
export const POINTS_MAX = 1_000_000_000
export const POINTS_PER_UNIT_MAX = 100_000

/**
 * So many local days after the day it happened on, a sale, check-in, grant, activity, redemption or use can be given back; what is remembered of a member
 * for that is forgotten then (E-MEM-1). Three years, as the longest window.
 */
export const GIVE_BACK_DAYS_MAX = 1_100

/** Names of attributes that are known of one member (E-PROF-2). */
export const ATTRIBUTES_MAX = 100

/** Entitlements of one member that have not come to an end (E-ENT-10). */
export const ENTITLEMENTS_LIVE_MAX = 1_000

/** A remote or claimed time may be this far ahead before it is refused. */
export const CLOCK_SKEW_MS_MAX = 60_000
/** An edge's clock that is off by at most this is slewed to the cloud's time; further off it is set. */
export const CLOCK_SLEW_MS_MAX = 60_000
/** How often an edge asks its disk for room, and walks its whole ledger, the first time so long after its start. */
export const DISK_LOOK_MS = 5_000
export const WALK_MS = 24 * 3_600_000
export const WALK_FIRST_MS = 15 * 60_000
/** How long after the last the cloud's file is inspected again, between its walks; where that takes long, so many times as long as it took. */
export const INSPECT_MS = 5 * 60_000
export const INSPECT_SHARE = 20
/** How often an edge compares its clocks, asks the cloud for the time, and saves the time where no fact does. */
export const CLOCK_LOOK_MS = 5_000
export const CLOCK_ASK_MS = 60_000
export const CLOCK_SAVE_MS = 10 * 60_000
/** A terminal that was cut off may hand in sales this old under their own time (P-TIME-5). */
export const BACKDATE_MS_MAX = 72 * 3_600_000
/** An answer counts as confirmed while the cloud's last word is at most this old. */
export const CONFIRM_FRESH_MS_MAX = 15_000

/** Cloud to edge: a sign of life at least this often; the edge gives the link up after the longer wait. */
export const HEARTBEAT_MS = 5_000
export const SILENCE_MS_MAX = 20_000
/** A batch not acknowledged for this long: the link makes no progress, reconnect. */
export const ACK_WAIT_MS_MAX = 10_000
export const CONNECT_WAIT_MS_MAX = 10_000
/** Full-jitter reconnect: a random wait up to min(max, base * 2^attempt). */
export const BACKOFF_BASE_MS = 250
export const BACKOFF_MS_MAX = 30_000
/** A cloud that gives no credit for this long has forgotten this edge: reconnect. Longer than 5,000 stores take to drain. */
export const CREDIT_WAIT_MS_MAX = 10 * 60_000
/** What the cloud may ask an edge to wait, and the least wait after a network that lets nothing through. */
export const RETRY_AFTER_MS_MAX = 5 * 60_000
export const OBSTACLE_WAIT_MS_MIN = 5_000
/** WebSockets that never opened, one after another, before HTTP requests carry the frames; and how long until a WebSocket is tried again. */
export const UPGRADES_FAILED_MAX = 3
export const UPGRADE_RETRY_MS = 10 * 60_000
/** What an edge may have unacknowledged beyond the acknowledged seq, as long as it keeps up; and while it drains a backlog. */
export const LIVE_CREDIT_FACTS = 256
export const LIVE_CREDIT_BYTES = 256 * 1024
export const DRAIN_CREDIT_FACTS = BATCHES_IN_FLIGHT_MAX * BATCH_FACTS_MAX
export const DRAIN_CREDIT_BYTES = 8 * BATCH_BYTES_MAX
/** Edges that drain a backlog at a time; the others wait without credit, the one that was away longest comes first. */
export const DRAIN_EDGES_MAX = 8
/** A state that is not what was written waits so long for the transactions before to end and to be made again; the longest take seconds. */
export const MENDING_WAIT_MS_MAX = 60_000
/**
 * Frames from this size on are opened ahead of their turn: it takes the loop 0.2 ms, and handing one to a thread and back 0.05. Below are the batches of stores that
 * keep up, and every question. And frames of all edges together that may be with that thread.
 */
export const OPENED_AHEAD_BYTES_MIN = 16 * 1024
export const OPENING_FRAMES_MAX = DRAIN_EDGES_MAX * BATCHES_IN_FLIGHT_MAX
/** Connections between their challenge and their welcome; more are told to come later. */
export const GREETINGS_MAX = 256
/** Of each edge, welcomed hellos that another may name (P-LIFE-10): two machines in turns need two. */
export const HELLOS_KNOWN_MAX = 4
/** Edges that come back in a second after the cloud was away: the welcome says over how long a fleet of this size spreads its return. */
export const RETURNS_PER_SECOND = 200
export const RETURN_SPREAD_MS_MAX = 60_000

/**
 * While tills call, one batch of a backlog is at most this long, and so long none follows it; they call until nothing was recorded for TILLS_CALLING_MS. That is
 * 5,000 facts a second, and DRAIN_EDGES_MAX stores at once still send what a cloud takes.
 */
export const PACED_BATCH_FACTS_MAX = 100
export const PACE_MS = 20
export const TILLS_CALLING_MS = 10_000

/** A question to the cloud inside a terminal's call; then the edge answers with what it knows. */
export const QUESTION_WAIT_MS_MAX = 2_000
export const QUESTIONS_OPEN_MAX = 1_000

/** A feed reader that holds back more than this is cut with a code that means "resume". */
export const FEED_BACKLOG_BYTES_MAX = 1024 * 1024
/** Activities kept for resuming; older positions get a snapshot and `recovered: false`. */
export const FEED_HISTORY_MAX = 100_000
/** Every reader hears something at least this often, so that a dead line is told from a quiet store. */
export const FEED_BEAT_MS = 10_000
export const FEED_SUBSCRIBERS_MAX = 1_000
export const FEED_PAGE_MAX = 1_000
/** Fewer activities are shorter as rows than by columns. */
export const FEED_PACKED_MIN = 3
/** What a WebSocket peer of the local API or the feed may send in one message. */
export const SOCKET_MESSAGE_BYTES_MAX = 64 * 1024

export const PAGE_SIZE_DEFAULT = 50
export const PAGE_SIZE_MAX = 500

/** A reservation that is neither captured nor cancelled is cancelled by the edge after this. */
export const RESERVATION_MS_MAX = 15 * 60_000
/** A cloud decision whose fact never arrives stops counting after this; longer than a reservation, and than most outages. */
export const HOLD_MS_MAX = 24 * 3_600_000
/** Lines of one lease fact, and leases in one downstream frame; rights that one spending takes (points, limit, budget, entitlement). */
export const LEASE_LINES_MAX = 200
export const LEASES_FRAME_MAX = 200
export const LEASE_RIGHTS_MAX = 4
/** Perks whose budgets one downstream frame tells. */
export const BUDGETS_FRAME_MAX = 1_000
/** A store stops spending from a lease this long before it expires, so that its clock need not be the cloud's. */
export const LEASE_MARGIN_MS = 5 * 60_000
/** Leases that are open for one store: in its ledger, about 150 bytes each. What comes beyond is given back at once. */
export const LEASES_STORE_MAX = 50_000
/** Leases of one member in one store beside those of metrics: limited perks, and entitlements. */
export const LEASES_MEMBER_PERKS_MAX = 8
export const LEASES_MEMBER_VOUCHERS_MAX = 8
/** Pause before members who came are looked at for leases, members of one commit, members that may wait (others get theirs at the next visit or look). */
export const LEASES_PAUSE_MS = 500
/** So many such pauses one after the other while backlogs come in: what is given ahead of need can wait, what was sold cannot. */
export const LEASES_POSTPONED_MAX = 20
export const LEASES_COMMIT_MAX = 200
export const LEASES_PENDING_MAX = 20_000
/** Of them so many that were not just seen in a store: a word of HQ about everybody leaves room for who stands at a till. */
export const LEASES_UNSEEN_MAX = 10_000
/** How often the cloud looks for leases to renew and write off, and leases of one look. */
export const LEASES_SWEEP_MS = 60_000
export const LEASES_SWEEP_MAX = 5_000
/** What a life of a ledger that is over still had is kept so long after its end, and the lease's: what it spent comes under the next life. */
export const LEASES_OVER_MS = 24 * 3_600_000
/** A question waits this long at the cloud for stores to give leases back: less than the store that asks waits. */
export const RECALL_WAIT_MS_MAX = 1_500
/** Questions that wait for leases to be given back; more are answered with what is there. */
export const RECALLS_WAITING_MAX = 5_000
export const ENROL_CODE_MS_MAX = 24 * 3_600_000
/** How often the cloud looks for members for whom something is due; members of one commit, and of one look. */
export const DUE_SWEEP_MS = 60_000
export const DUE_COMMIT_MAX = 200
export const DUE_SWEEP_MAX = 20_000
/** Facts between two checkpoints of a member: a late fact re-folds at most about this many and those after it. */
export const CHECKPOINT_FACTS = 64
/** The same among the last of a member that was folded again. */
export const CHECKPOINT_AGAIN_FACTS = 8
/** Batches and facts that the cloud puts into one transaction (a batch of a backlog may come on top); larger batches than LIVE_BATCH_FACTS are a backlog. */
export const INGEST_GROUP_BATCHES_MAX = 256
export const INGEST_GROUP_FACTS_MAX = 4_096
export const LIVE_BATCH_FACTS = 64
/** Batches that may wait for a transaction: as many of each link as its edge may have out (HTTP_SOCKETS_MAX and POST_LINES_MAX of them). */
export const INGEST_QUEUE_BATCHES_MAX = (10_000 + 2_000) * BATCHES_IN_FLIGHT_MAX

/** Lives an edge may open by itself before it has to hear from the cloud again. */
export const SPARES_MAX = 3
/** Origins left out when a cloud opens its next epoch: those it may have given out after the backup it came from. */
export const ORIGINS_SKIPPED = 1_024
/** A backup that is put back twice: as often as its epoch says, by these, so that what one cloud gave out the next does not. Origins are few (P-ID-1). */
export const ORIGINS_APART = 16
export const NUMBERS_APART = 1_009
/** The same of stores and of devices. */
export const DEVICES_SKIPPED = 10_000
/** A store's name takes four bytes a character at most, and base64 a third more. */
export const ATTESTATION_CHARS_MAX = 2_048
/** The same of leases, of which there are many for each member. */
export const LEASES_SKIPPED = 10_000_000
/** Facts of an ended life that one transaction records again under the next. */
export const RECORD_AGAIN_MAX = 500
/** Foreign ledgers whose highest receipt an edge keeps. */
export const WITNESSES_MAX = 64

/** Wrong enrolment codes within a window, from one address and from all together; then `too_many_requests`. */
export const ENROL_GUESSES_MAX = 10
export const ENROL_GUESSES_TOTAL_MAX = 200
export const ENROL_GUESS_WINDOW_MS = 60_000

/** The cloud's HTTP server: headers must have come, and a whole request, within these; a slow sender is dropped. */
export const HTTP_HEADERS_MS_MAX = 10_000
export const HTTP_REQUEST_MS_MAX = 15_000
export const HTTP_KEEP_ALIVE_MS = 20_000
export const HTTP_HEADER_BYTES_MAX = 16 * 1024
/** Connections of edges, feed readers and callers together. */
export const HTTP_SOCKETS_MAX = 10_000
/** At a stop, what is still open after this is cut. */
export const STOP_MS_MAX = 5_000
/** Activities that wait to be put into a feed frame; beyond it readers are cut and resume by position. */
export const FEED_PENDING_MAX = 50_000
/** What a feed reader without a place is shown first. */
export const FEED_RECENT = 500
/** What one edge may have waiting in the cloud: every question it may have open, and its batches; in frames and in bytes. */
export const SYNC_FRAMES_WAITING_MAX = QUESTIONS_OPEN_MAX + 2 * BATCHES_IN_FLIGHT_MAX
export const SYNC_BYTES_WAITING_MAX = 2 * FRAME_BYTES_MAX
/** What all edges together may have waiting there. */
export const SYNC_BYTES_WAITING_TOTAL_MAX = 256 * 1024 * 1024
/** Links over plain requests at a time. */
export const POST_LINES_MAX = 2_000
/** What a refusal for too much at once asks the edge to wait at least. */
export const BUSY_RETRY_S = 5
/** Pause before downstream rows are sent, so that rows of close commits share a frame. */
export const DOWN_PAUSE_MS = 100
/** The same while the store drains a backlog: the next batch changes the same members again. */
export const DOWN_PAUSE_DRAIN_MS = 1_000
/** Unsent bytes to one edge above which its downstream waits. */
export const DOWN_BACKLOG_BYTES_MAX = 4 * 1024 * 1024

/** Writes of terminals that one commit of an edge takes, and writes that may wait before more are told to come later. */
export const GROUP_WRITES_MAX = 512
export const WRITES_QUEUED_MAX = 10_000
/** Local states of members in an edge's memory, about 1 KiB each. */
export const MEMBERS_CACHED_MAX = 20_000
/** Facts whose chain is walked when a ledger is opened. */
export const CHAIN_TAIL_FACTS = 1_000
/** Facts between two savings of the members' threads; so many are read again after a kill. */
export const THREADS_SAVE_FACTS = 4_096
/** Activities a reader without a place of its own gets first. */
export const FEED_SNAPSHOT = 50
/** Activities that one commit prunes at most, so that pruning is never felt. */
export const FEED_PRUNE_STEP = 2_000
/** Facts between two savings of the store's figures; so many are counted again after a kill. */
export const DAY_BOOK_SAVE_FACTS = 1_024
/** How often it is looked which terminals called, and after how long one counts as silent. */
export const TERMINAL_LOOK_MS = 10_000
export const TERMINAL_SILENT_MS = 10 * 60_000
/** Perks that an explanation names as nearly reached. */
export const NEAR_PERKS_MAX = 3
/** Weeks back that a weekday's usual figures are taken from. */
export const USUAL_WEEKS = 8
/** Passcodes of managers: length, wrong ones before a lock, the first lock, logins that wait for their hash. */
export const PASSCODE_CHARS_MIN = 6
export const PASSCODE_CHARS_MAX = 64
export const PASSCODE_WRONG_MAX = 5
export const PASSCODE_LOCK_MS = 5 * 60_000
export const LOGINS_WAITING_MAX = 8
/** A login lasts a long shift; so many are open at a time. */
export const SESSION_MS_MAX = 14 * 3_600_000
export const SESSIONS_MAX = 200
/** Facts that waited longer than this for their acknowledgement are a backlog, whose end the feed tells. */
export const SYNC_LATE_MS = 5_000
/** What-ifs that wait for the one that runs; and those whose result is kept. */
export const WHAT_IFS_WAITING_MAX = 4
export const WHAT_IFS_KEPT_MAX = 20
/** Names and addresses of one certificate. */
export const CERTIFIED_NAMES_MAX = 32
/** How long a store's certificate lasts: browsers take no longer ones (398 days); begun a day early, for clocks that are behind. */
export const CERTIFICATE_DAYS = 397
/** Asked for anew once fewer days are left: a store may be offline for at least so long. */
export const CERTIFICATE_RENEW_DAYS = 300
/** Managers are told once fewer days are left. */
export const CERTIFICATE_WARN_DAYS = 45
/** The tenant's own, which is put on managers' devices once. */
export const CA_DAYS = 20 * 365
/** How often an edge looks whether its certificate is to be renewed. */
export const CERTIFICATE_LOOK_MS = 3_600_000
/** What comes as a form, from a page or a caller: bytes; and of a call fields, and characters of a value. */
export const FORM_BYTES_MAX = 64 * 1024
export const FORM_FIELDS_MAX = 32
export const FORM_VALUE_CHARS_MAX = 1_000
/** Pegke: rows of a page, pages that are counted, users that a name finds, characters of a reference, lifetimes of tokens, tokens a store has out. */
export const PEGKE_PAGE_ROWS = 20
export const PEGKE_PAGES_MAX = 50
export const PEGKE_USERS_MAX = 20
export const PEGKE_REFERENCE_CHARS_MAX = 200
export const PEGKE_ACCESS_MS = 3_600_000
export const PEGKE_REFRESH_MS = 30 * 24 * 3_600_000
export const PEGKE_TOKENS_MAX = 1_000
/** API clients of a business that its stores serve too, of one API and in a frame. */
export const STORE_CLIENTS_MAX = 200
/** Words of a name by which it is found. */
export const NAME_WORDS_MAX = 8
