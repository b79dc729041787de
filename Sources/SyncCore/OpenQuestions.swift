/// The questions that wait for an operator, and whose words are in them.
///
/// What became of a change set when it came in stays as it was said; whether anybody still has to decide
/// about it is another matter, and only this tells.
package struct OpenQuestions {
  private struct Place: Hashable {
    let stream: StreamID
    let sequence: Int64
  }

  private struct Question: Hashable {
    let table: Int
    let key: RowKey
    let unit: String
  }

  private var statements: [Question: Set<Place>] = [:]

  package init() {}

  /// The columns of which ``add(_:in:)`` takes a row, from the published tables on either side.
  package static let select = """
    SELECT q.table_name, q.row_key, q.unit, k.device, k.epoch, k.sequence
    FROM thuan_conflict q JOIN thuan_candidate k ON k.conflict_id = q.id
    WHERE q.state IN ('open', 'reopened') AND q.other_key IS NULL
    """

  /// Adds what somebody has said.
  ///
  /// - Throws: ``WireError`` for a key that is damaged.
  package mutating func add(_ row: [Value], in schema: SyncSchema) throws(WireError) {
    guard let table = row[0].text.flatMap({ schema.table(named: $0) }), let device = row[3].text,
      let epoch = row[4].integer, let sequence = row[5].integer
    else { return }
    let question = Question(
      table: table.number, key: try RowKey(stored: row[1], columns: table.key.count),
      unit: row[2].text ?? "")
    let stream = StreamID(device: device, epoch: Int(epoch))
    statements[question, default: []].insert(Place(stream: stream, sequence: sequence))
  }

  /// Whether a change set is in question: something that it says, or a row that it changes or points to and
  /// that somebody else has deleted.
  package func concern(_ changeSet: ChangeSet) -> Bool {
    let place = Place(stream: changeSet.stream, sequence: changeSet.sequence)
    return statements.contains { question, places in
      places.contains(place)
        || (question.unit == PublishedTables.rowUnit
          && changeSet.speaks(of: question.key, question.table))
    }
  }

  /// Whether what a change set says of a row's unit is in question, or the row is.
  package func concern(_ changeSet: ChangeSet, _ table: Int, _ key: RowKey, unit: String) -> Bool {
    let place = Place(stream: changeSet.stream, sequence: changeSet.sequence)
    let said = statements[Question(table: table, key: key, unit: unit)] ?? []
    return said.contains(place)
      || statements[Question(table: table, key: key, unit: PublishedTables.rowUnit)] != nil
  }
}

extension ChangeSet {
  /// Whether it changes a row or may point to it.
  fileprivate func speaks(of key: RowKey, _ table: Int) -> Bool {
    changes.contains { change in
      (change.table == table && change.key == key)
        || (key.values.count == 1 && change.fields.contains { $0.after == key.values[0] })
    }
  }
}
