import Foundation
package import GRDB
import SyncCore
import SyncSQLite

/// Looks for words in every text that people wrote, with or without their marks.
package struct RecordSearch {
  /// A record in which all words were found.
  package struct Hit {
    package let record: Record
    /// The column in which most was found.
    package let field: RecordField
    /// The text around what was found.
    package let excerpt: String
    /// Lower comes first: the very words with their marks, side by side, before anything looser;
    /// what people wrote before reference data.
    let rank: Int
  }

  private let exact: [String]
  private let loose: [String]
  private static let excerptBefore = 24
  private static let excerptLength = 96

  /// - Parameter text: The words, all of which have to be in a record.
  package init(_ text: String) {
    exact = Folding.lowercase(text).split(whereSeparator: \.isWhitespace).map(String.init)
    loose = exact.map(Folding.loosen)
  }

  package var isEmpty: Bool { loose.isEmpty }

  /// The records in which the words are: the best first, then the newest.
  package func run(in db: Database, kinds: [RecordKind] = RecordKinds.all) throws -> [Hit] {
    var hits: [Hit] = []
    var finder = LooseFinder(loose)
    for kind in kinds {
      let fields = kind.fields.filter(\.isText)
      guard !fields.isEmpty else { continue }
      let keys = try keys(of: kind, fields, &finder, db)
      if keys.isEmpty { continue }
      let records = try Record.all(
        kind, where: "\(quoted(kind.key)) IN (SELECT value FROM json_each(?))",
        [.text(String(decoding: JSONEncoder().encode(keys), as: UTF8.self))], in: db)
      for record in records {
        let part = kind.part == nil ? nil : try record.part(in: db)
        if let hit = hit(record, fields, part: part) { hits.append(hit) }
      }
    }
    return hits.enumerated().sorted { left, right in
      (left.element.rank, left.offset) < (right.element.rank, right.offset)
    }.map(\.element)
  }

  /// Keys of the records that may have all words in them.
  private func keys(
    of kind: RecordKind, _ fields: [RecordField], _ finder: inout LooseFinder, _ db: Database
  ) throws -> [Key] {
    var inPart: [Key: UInt64] = [:]
    if let part = kind.part {
      try eachRow(of: part.table, part.key, part.fields.filter(\.isText), &finder, db) {
        key, found in
        if found != 0 { inPart[key] = found }
      }
    }
    var keys: [Key] = []
    let all = finder.all
    try eachRow(of: kind.table, kind.key, fields, &finder, db) { key, found in
      if found | inPart[key, default: 0] == all { keys.append(key) }
    }
    return keys
  }

  private func eachRow(
    of table: String, _ key: String, _ fields: [RecordField], _ finder: inout LooseFinder,
    _ db: Database, _ body: (Key, UInt64) -> Void
  ) throws {
    let columns = ([key] + fields.map(\.column)).map(quoted).joined(separator: ", ")
    unsafe try db.eachRow("SELECT \(columns) FROM \(quoted(table))") { row in
      var found: UInt64 = 0
      for column in fields.indices {
        unsafe row.withText(at: column + 1) { unsafe found |= finder.words(in: $0) }
      }
      if let key = unsafe Key(row.value(at: 0)) { body(key, found) }
    }
  }

  /// A key of one column, as JSON has it.
  private enum Key: Hashable, Encodable {
    case number(Int64)
    case text(String)

    init?(_ value: SyncCore.Value) {
      switch value {
      case .integer(let number): self = .number(number)
      case .text(let text): self = .text(text)
      default: return nil
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  private func hit(
    _ record: Record, _ fields: [RecordField], part: [String: SyncCore.Value]?
  ) -> Hit? {
    var texts = fields.compactMap { field in record[field.column].text.map { (field, $0) } }
    if let part, let partFields = record.kind.part?.fields {
      texts += partFields.filter(\.isText).compactMap { field in
        part[field.column]?.text.map { (field, $0) }
      }
    }
    let looseTexts = texts.map { Folding.loosen($0.1) }
    let isHit = loose.allSatisfy { word in looseTexts.contains { $0.contains(word) } }
    guard isHit else { return nil }
    let lowered = texts.map { Folding.lowercase($0.1) }
    let rank = rank(lowered, folded: texts.map { Folding.fold($0.1) })
    let isReference = record.kind.writing == .hubOnly
    let phrase = loose.joined(separator: " ")
    let counts = looseTexts.map { text in
      loose.count { text.contains($0) } + (text.contains(phrase) ? loose.count : 0)
    }
    guard let most = counts.max(), let index = counts.firstIndex(of: most) else { return nil }
    return Hit(
      record: record, field: texts[index].0, excerpt: excerpt(texts[index].1, looseTexts[index]),
      rank: rank + (isReference ? 4 : 0))
  }

  private func rank(_ lowered: [String], folded texts: [String]) -> Int {
    let phrase = exact.joined(separator: " ")
    if lowered.contains(where: { $0.contains(phrase) }) { return 0 }
    let foldedPhrase = Folding.fold(phrase)
    if texts.contains(where: { $0.contains(foldedPhrase) }) { return 1 }
    let hasAll = exact.allSatisfy { word in lowered.contains { $0.contains(word) } }
    return hasAll ? 2 : 3
  }

  private func excerpt(_ text: String, _ foldedText: String) -> String {
    let line = text.replacing("\n", with: " ")
    guard line.count > Self.excerptLength,
      let place = loose.compactMap({ foldedText.firstRange(of: $0)?.lowerBound }).min()
    else { return String(line.prefix(Self.excerptLength)) }
    // Folding keeps the count of letters in composed text, so the place is the same in both.
    let offset = max(
      0, foldedText.distance(from: foldedText.startIndex, to: place) - Self.excerptBefore)
    let piece = line.dropFirst(offset).prefix(Self.excerptLength)
    return (offset > 0 ? "…" : "") + piece + "…"
  }
}
