/// A schema with every policy in it; its own, because the fuzzer is built without SQLite, which the
/// tests' toy schema brings with it.
let toy: (schema: SyncSchema, project: TableSchema) = {
  let declaration = """
    table project 10
      id 1 key
      title 2 operator
      place 3 lastWriter
      prose 4 text
      tags 5 set
      stage 6 workflow draft > held > reported; draft > cancelled
      secrecy 7 max normal < internal < sensitive
      first_day 8 min
      code 9 hubOnly
      origin 10 immutable
      group period operator : starts 13, ends 14
    table tag 12 rows set
      project_id 1 key
      word 2 key
    table entry 13 rows appendOnly
      id 1 key
      said 3 immutable
    """
  guard let schema = try? SyncSchema(parsing: declaration, version: 1),
    let project = schema.table(number: 10)
  else { fail("the fuzzer's own schema cannot be read") }
  return (schema, project)
}()

/// Merges the changes of a change set into rows, as if several devices had made them in turn.
///
/// Whoever holds a device's key can send any change, whether the device's own program would make it
/// or not.
func checkMerge(_ bytes: [UInt8]) throws {
  struct Place: Hashable {
    let table: Int
    let key: RowKey
  }
  let changeSet = try ChangeSet(decoding: bytes)
  var rows: [Place: RowState] = [:]
  for (index, change) in changeSet.changes.enumerated() {
    guard let table = toy.schema.table(number: change.table),
      change.key.values.count == table.key.count
    else { continue }
    let place = Place(table: change.table, key: change.key)
    let origin = ChangeOrigin(
      stream: index % 4, changeSet: Int64(index + 1), base: changeSet.base.sequence,
      stamp: changeSet.stamp, isFlagged: changeSet.isForeign,
      isProven: changeSet.base.number == 0, isFound: changeSet.isFound)
    guard
      let (state, _) = try? RowState.merge(
        rows[place], change, from: origin, table: table, sequence: Int64(index + 1))
    else { continue }
    require(state.values.count == table.columns.count, "a row has other columns")
    require(table.rowKey(of: state.values) == change.key, "a row has another key than its change")
    checkMetadata(of: state, in: table)
    rows[place] = state
  }
}

/// Three texts of one input, parted by a byte that is in no text.
private func texts(_ bytes: [UInt8]) -> (base: String, ours: String, theirs: String)? {
  let parts = bytes.split(separator: 0x1F, omittingEmptySubsequences: false)
  guard parts.count == 3 else { return nil }
  let texts = parts.map { String(decoding: $0, as: UTF8.self) }
  return (texts[0], texts[1], texts[2])
}

func checkTextMerge(_ bytes: [UInt8]) {
  guard let (base, ours, theirs) = texts(bytes) else { return }
  let merged = mergeText(base: base, ours: ours, theirs: theirs)
  let swapped = mergeText(base: base, ours: theirs, theirs: ours)
  require(
    merged.map { Array($0.utf8) } == swapped.map { Array($0.utf8) },
    "\(merged.debugDescription) the other way round is \(swapped.debugDescription)")
  require(mergeText(base: base, ours: ours, theirs: base) == ours, "the only change is the result")
  require(mergeText(base: base, ours: ours, theirs: ours) == ours, "a change both made is it")
  // A combining mark behind white space belongs to it when characters are told apart, so such texts
  // have no words in the sense of the laws that follow.
  guard let merged, [base, ours, theirs].allSatisfy(hasPlainWords) else { return }
  let (mine, others) = (words(ours), words(theirs))
  let result = words(merged)
  require(
    Set(mine + others).isSuperset(of: result),
    "\(merged.debugDescription) has a word that nobody wrote")
  for word in Set(mine + others).subtracting(words(base)) {
    let (first, second) = (mine.count { $0 == word }, others.count { $0 == word })
    require(
      (max(first, second)...first + second).contains(result.count { $0 == word }),
      "\(word.debugDescription) is lost or doubled in \(merged.debugDescription)")
  }
}

private func words(_ text: String) -> [String] {
  text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
}

private func hasPlainWords(_ text: String) -> Bool {
  text.split(whereSeparator: \.isWhitespace).elementsEqual(words(text)) { $0 == $1[...] }
}

func checkTagMerge(_ bytes: [UInt8]) {
  guard let (base, ours, theirs) = texts(bytes) else { return }
  let merged = mergeTags(base: base, ours: ours, theirs: theirs)
  let swapped = mergeTags(base: base, ours: theirs, theirs: ours)
  require(merged == swapped, "\(merged) the other way round is \(swapped)")
  let tidy = mergeTags(base: "", ours: merged.text ?? "", theirs: "")
  require(tidy == merged, "\(merged), read again, is \(tidy)")
}
