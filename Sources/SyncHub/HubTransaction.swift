/// What one transaction has come to so far, where a row shall not cost a read and a write.
final class HubTransaction {
  let randomness: HubRandomness
  /// The last sequence given out.
  ///
  /// What a savepoint undoes leaves a gap, which nobody minds.
  var lastSequence: Int64?
  /// Whether this transaction has given out any, and whether it has put a change set on record.
  var hasMovedSequence = false
  var hasRecord = false
  /// The last change set on record.
  var record: (number: Int64, chain: [UInt8])?
  /// The last one that this transaction has put there, before whose receipt its chain is not what it will be.
  var entry: HistoryEntryDraft?
  /// The bytes of the change sets that are on record and not written yet, and the number of the first.
  var bundle: (number: Int64, bytes: [UInt8])?
  /// What the digests have changed by; see ``HubStore/saveDigests()``.
  var digests = ScopedDigests()
  /// The horizon, once it has been looked up.
  var horizon: Int64??
  /// The questions that have been raised, of which a savepoint may have undone some.
  var raised: [RaisedQuestion] = []
  /// Whether words of the hub's wait for their row.
  var hasWaitingWords: Bool?
  /// Whether anything waits in quarantine, or did when it was last looked up.
  var hasQuarantine: Bool?
  /// Change sets of the record that have been read.
  var readChangeSets = ReadChangeSets()
  /// Whether any statement points to a row, or did when that was last looked up.
  var hasNames: Bool?

  /// How many rows may still be looked at because others have gone to another scope.
  var movesLeft: Int
  /// Whether any are on their way, or were when that was last looked up.
  var hasFollowing: Bool?
  /// Whether questions waited for their rows when that was first looked up.
  var hasUnplacedQuestions: Bool?

  init(_ randomness: HubRandomness, movedRows: Int) {
    self.randomness = randomness
    movesLeft = movedRows
  }
}

/// What a change set's chain is made of, while its receipt may still change.
struct HistoryEntryDraft {
  let number: Int64
  let before: [UInt8]
  let seal: [UInt8]
  var notes: HistoryChain.Notes

  var chain: [UInt8] { HistoryChain.next(after: before, seal: seal, notes) }
}
