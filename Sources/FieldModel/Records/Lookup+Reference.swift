import GRDB
import SyncCore
import SyncSQLite

extension Lookup {
  /// Units that a person means by a code or a name; of several lives of a code, the one of the day.
  ///
  /// - Parameter text: `22978`, `22978@0`, `La Dạ`, `xã La Dạ`, `la da`.
  /// - Returns: All that fit equally well.
  /// - Throws: SQLite's errors.
  package func units(named text: String) throws -> [Record] {
    let ofCode = try Record.all(RecordKinds.unit, where: "code = ?", [.text(text)], in: db)
    let ofDay = ofCode.filter { isValid($0) }
    if !ofCode.isEmpty { return ofDay.isEmpty ? ofCode : ofDay }
    return try best(Record.all(RecordKinds.unit, in: db), text) { unit in
      let name = unit["name_vi"].text ?? ""
      // "La Dạ" is enough for "Xã La Dạ".
      let kind = Term.unitKind[unit["kind"].text ?? ""]?.vi ?? ""
      let prefix = Folding.fold(kind) + " "
      let folded = Folding.fold(name)
      return folded.hasPrefix(prefix) ? [name, String(folded.dropFirst(prefix.count))] : [name]
    }
  }

  /// Organisations that a person means by a name, a short name or words of it.
  package func organisations(named text: String) throws -> [Record] {
    try best(Record.all(RecordKinds.organisation, in: db), text) { organisation in
      ["name_vi", "short_vi"].compactMap { organisation[$0].text }
    }
  }

  /// Whether a unit or an organisation exists on the day of the lookup.
  package func isValid(_ record: Record) -> Bool {
    let from = record["valid_from"].text ?? record["active_from"].text
    let to = record["valid_to"].text ?? record["active_to"].text
    return (from.map { $0 <= day } ?? true) && (to.map { day <= $0 } ?? true)
  }

  /// The records whose names fit best: the very name before the name without marks before all its
  /// words; and of those, what exists on the day.
  private func best(_ records: [Record], _ text: String, names: (Record) -> [String]) -> [Record] {
    let exact = Folding.lowercase(text)
    let folded = Folding.fold(exact)
    let loose = Folding.loosen(exact)
    let words = loose.split(separator: " ")
    let tests: [(String) -> Bool] = [
      { Folding.lowercase($0) == exact }, { Folding.fold($0) == folded },
      { Folding.loosen($0) == loose },
      { name in
        let name = Folding.loosen(name).split { !$0.isLetter && !$0.isNumber }
        return !words.isEmpty && words.allSatisfy { name.contains($0) }
      },
      { name in
        let name = Folding.loosen(name).split { !$0.isLetter && !$0.isNumber }
        return !words.isEmpty && words.allSatisfy { word in name.contains { $0.hasPrefix(word) } }
      },
    ]
    for candidates in [records.filter(isValid), records.filter { !isValid($0) }] {
      for test in tests {
        let found = candidates.filter { names($0).contains(where: test) }
        if !found.isEmpty { return found }
      }
    }
    return []
  }
}
