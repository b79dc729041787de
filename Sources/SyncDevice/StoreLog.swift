import GRDB
package import SyncCore
import SyncSQLite

/// One of the device's own transactions, and what the hub said of it.
package struct LoggedChangeSet: Sendable {
  package let changeSet: ChangeSet
  package let disposition: Receipt.Disposition?
  /// Why it was quarantined or is in conflict, in the hub's words.
  package let reason: String
  /// Whether an operator has decided about it, where it was quarantined; whether it waits no more, where
  /// it was never sealed.
  package let isSettled: Bool
  /// Hub time of the receipt.
  package let acknowledgedMilliseconds: Int64?
  /// Whether an operator still has to decide about it, as far as the store has heard.
  package let isInQuestion: Bool
  /// Whether it is one of the stream's: what cannot be sent, or has been sent as it came to be later, is
  /// none, and has no sequence.
  package let isSealed: Bool
}

/// Something that happened to a store, as it was noted.
package struct LoggedEvent: Sendable {
  package let kind: StoreEvent?
  package let detail: String
  package let atMilliseconds: Int64
}

extension DeviceStore {
  /// The device's own change sets that it still keeps, the oldest first.
  ///
  /// What is not sealed yet is included, what is damaged is not (`flaws` names it). Nothing is written.
  ///
  /// - Parameter wallMilliseconds: What the device's clock shows.
  /// - Returns: The change sets with their receipts.
  /// - Throws: SQLite's errors.
  package func changeSets(wallMilliseconds: Int64) throws -> [LoggedChangeSet] {
    var logged: [LoggedChangeSet] = []
    try database.writeWithoutTransaction { db in
      try db.inTransaction(.immediate) {
        if try setting(.device, db) == .null {
          // Change sets name their device. Before enrolment there is none: this one is gone again
          // with the transaction.
          try set(.device, .text(String(repeating: "0", count: 32)), db)
        }
        try seal(db, wallMilliseconds: wallMilliseconds)
        let questions = try openQuestions(db)
        let held = try point(at: try cursor(db), db).number
        logged += try waitingChangeSets(isOver: true, db)
        let rows = try db.rows(
          """
          SELECT body, disposition, reason, settled, acknowledged_at, number FROM thuan_outbox
          ORDER BY position
          """)
        while let row = try rows.next() {
          guard case .blob(let body) = row.value(at: 0),
            let changeSet = try? ChangeSet(decoding: body)
          else { continue }
          let disposition = row.value(at: 1).integer.flatMap {
            Receipt.Disposition(rawValue: Int($0))
          }
          // A question that has not come with a pull yet is open all the same.
          let isInQuestion =
            disposition == .conflicted
            && (row.value(at: 5).integer ?? 0 > held || questions.concern(changeSet))
          logged.append(
            LoggedChangeSet(
              changeSet: changeSet, disposition: disposition,
              reason: row.value(at: 2).text ?? "", isSettled: row.value(at: 3) != .integer(0),
              acknowledgedMilliseconds: row.value(at: 4).integer, isInQuestion: isInQuestion,
              isSealed: true))
        }
        logged += try waitingChangeSets(isOver: false, db)
        return .rollback
      }
    }
    return logged
  }

  /// The questions that are open, as far as the store has heard.
  private func openQuestions(_ db: Database) throws -> OpenQuestions {
    var questions = OpenQuestions()
    for row in try db.all(OpenQuestions.select) { try questions.add(row.values(), in: schema) }
    return questions
  }

  /// How many of some change sets somebody has to decide about, as far as the store has heard.
  ///
  /// - Parameter places: Their epochs and sequences.
  /// - Returns: The number.
  /// - Throws: SQLite's errors.
  func inQuestion(_ places: [(epoch: Int, sequence: Int64)]) throws -> Int {
    if places.isEmpty { return 0 }
    return try read { db in
      let questions = try openQuestions(db)
      return try places.count { place in
        let row = try db.first(
          "SELECT body FROM thuan_outbox WHERE epoch = ? AND sequence = ?",
          [.integer(Int64(place.epoch)), .integer(place.sequence)])
        guard case .blob(let body)? = row?.value(at: 0),
          let changeSet = try? ChangeSet(decoding: body)
        else { return false }
        return questions.concern(changeSet)
      }
    }
  }

  /// What happened to the store, the oldest first.
  package func events() throws -> [LoggedEvent] {
    try read { db in
      try db.all("SELECT kind, detail, at FROM thuan_event ORDER BY id").map { row in
        LoggedEvent(
          kind: row.value(at: 0).text.flatMap(StoreEvent.init), detail: row.value(at: 1).text ?? "",
          atMilliseconds: row.value(at: 2).integer ?? 0)
      }
    }
  }

  /// The hub's sequence whose state the store holds: what a form that is opened now knows.
  package func currentCursor() throws -> Int64 { try read { try cursor($0) } }
}
