/// Every limit of the engine in one place, each with its reason.
package enum SyncLimits {
  /// Version of the messages; a hub refuses a device that speaks a newer one.
  package static let protocolVersion = 1
  /// A push is cut here: big enough to drown the round trip, small enough to redo on a bad link.
  ///
  /// Packed and compressed it is a sixth.
  package static let envelopeBytes = 2 << 20
  /// More change sets than the smallest that a device writes would fill such an envelope with.
  package static let envelopeChangeSets = 20_000
  /// An envelope is left off after so many rows, with receipts for what has been taken in.
  ///
  /// Others wait meanwhile, and moving a row with many children is a few bytes to ask for.
  package static let ingestedRows: Int64 = 20_000
  /// So many rows are looked at in one transaction because the one that they belong to has gone to
  /// another scope: a tenth of a second, or a second on a small machine.
  package static let movedRows = 2_000
  /// A change set cannot be split (law L4), so this bounds one transaction, not one request.
  package static let bodyBytes = 64 << 20
  /// The largest change set: what is left of a body for an envelope's own fields is ample.
  package static let changeSetBytes = bodyBytes - (1 << 20)
  /// What is made of a change set of no more than this may take many times as much.
  package static let smallChangeSetBytes = 256 << 10
  /// The largest change of one row: a change set's own fields need some room beside it.
  package static let rowChangeBytes = changeSetBytes - (64 << 10)
  /// What a change replaces, where that is more than this, is left out of it: what is written in its
  /// place has to fit too.
  package static let pastBytes = rowChangeBytes - (1 << 20)
  /// Rows of one pull page, and bytes of their values after which it ends early; packed and compressed
  /// a fifth of that travels.
  package static let pageRows = 3_000
  package static let pageBytes = 2 << 20
  /// A pull of more pages is applied with the capture triggers taken away: making a few hundred of them
  /// anew takes as long as asking them about so many rows.
  package static let pagesUnderCapture: Int64 = 3
  /// Rows or marks that a sync reads again to find what was changed past the triggers.
  package static let scrubRows = 200
  /// Past cursors that a device keeps the proof of; a form that was opened longer ago counts as one
  /// whose officer knew nothing.
  package static let basesKept: Int64 = 1_000
  /// Streams of one device that a pull tells of: more than anybody restores a device in ninety days.
  package static let standings = 100
  /// Change sets in quarantine that a pull asks after by another device's name.
  package static let formerWork = 100
  /// Kinds of access that what a device holds may be of at once: more often than that nobody's is changed
  /// while work of his is pending.
  package static let heldAccesses = 32
  /// Rows that a device names of those that it cannot send; of more it tells how many there are.
  package static let waitingReported = 100
  /// Ranges into which a table is cut to find where two sides differ: a few rounds find a row among
  /// millions, and an answer stays within a packet or two.
  package static let comparedRanges = 16
  /// A range of no more rows than this is compared row by row.
  package static let comparedRows = 64
  /// A device clock further off than this is flagged: its stamps no longer win alone.
  ///
  /// So is a stamp further ahead of the hub, whatever the device's clock shows by the time it syncs.
  package static let clockOffsetMilliseconds: Int64 = 5 * 60_000
  /// A request that was signed for a moment further from the hub's time is not taken: its sender is told
  /// the time and signs anew.
  package static let freshnessSeconds: Int64 = 300
  /// So many requests of one device are taken within twice that time: some hundred thousand rows'
  /// worth.
  package static let requestsMax = 5_000
  /// How precisely the hub notes when a device that takes page after page was last there.
  package static let contactMilliseconds: Int64 = 1_000
  /// A longer word of the hub's is not kept by devices: what takes more is a list, and comes from a file.
  package static let wordBytes = 64 << 10
  /// An act of the hub's on more rows than this is kept in no device's words, for the same reason.
  package static let wordRows = 200
  /// So many bytes of words are offered at once.
  package static let offerBytes = 1 << 20
  /// Acknowledged change sets stay on the device this long, by the hub's clock.
  package static let retentionMilliseconds: Int64 = 90 * 86_400_000
  /// So many of the newest stay however old they are: a clock may be wrong.
  package static let retainedChangeSets = 500
  /// A one-time enrolment code is good for this long.
  package static let enrolmentMilliseconds: Int64 = 14 * 86_400_000
  /// First and longest pause between attempts of a sync that goes on by itself.
  package static let backoffMilliseconds: ClosedRange<Int64> = 1_000...300_000
}
