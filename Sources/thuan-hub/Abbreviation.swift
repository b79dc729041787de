import FieldModel
import SyncCore
import SyncHub
import Terminal

/// Ids as people type and read them: some first or last characters are enough.
enum Abbreviation {
  static let shortest = 4

  /// How an id is shown: the end of a random one, any other whole.
  ///
  /// The beginning of a UUIDv7 is the time of making, and alike for everything of one morning.
  static func shown(_ id: String) -> String {
    let digits = id.filter { $0 != "-" }
    let isRandom = digits.count == 32 && digits.allSatisfy(\.isHexDigit)
    return isRandom ? String(id.suffix(8)) : id
  }

  /// How a conflict's id is shown.
  static func shown(conflict id: String) -> String { String(id.prefix(8)) }

  /// The one of several things that what was typed means.
  ///
  /// - Parameters:
  ///   - typed: A whole id, or at least four of its first or last characters.
  ///   - things: What there is.
  ///   - id: A thing's id.
  ///   - describe: How a thing is listed among several.
  /// - Returns: The thing.
  /// - Throws: ``Failure`` if none or several fit; those are listed.
  static func find<Thing>(
    _ typed: String, among things: [Thing], id: (Thing) -> String, describe: (Thing) -> String
  ) throws -> Thing {
    let wanted = typed.lowercased()
    let exact = things.filter { id($0).lowercased() == wanted }
    if let thing = exact.first, exact.count == 1 { return thing }
    guard wanted.count >= shortest else { throw tooShort(typed) }
    let fitting = things.filter { fits(id($0), wanted) }
    if let thing = fitting.first, fitting.count == 1 { return thing }
    if fitting.isEmpty { throw nothing(typed) }
    throw several(typed, fitting.map(describe))
  }

  static func fits(_ id: String, _ typed: String) -> Bool {
    let (id, typed) = (id.lowercased(), typed.lowercased())
    return id.hasPrefix(typed) || id.hasSuffix(typed)
  }

  static func nothing(_ typed: String) -> Failure {
    Failure(
      .notFound,
      Phrase(
        vi: "Không có gì mang mã “\(typed)”.", en: "Nothing has the id “\(typed)”.",
        uk: "Нічого з кодом «\(typed)» немає."))
  }

  static func several(_ typed: String, _ candidates: [String]) -> Failure {
    for candidate in candidates.prefix(20) { Program.write("  \(candidate)", toErrors: true) }
    return Failure(
      .notFound,
      Phrase(
        vi: "“\(typed)” hợp với \(candidates.count) mã; gõ thêm.",
        en: "“\(typed)” fits \(candidates.count) ids; type more of it.",
        uk: "«\(typed)» підходить до \(candidates.count) кодів; уведіть більше."))
  }

  static func tooShort(_ typed: String) -> Failure {
    Failure(
      .notFound,
      Phrase(
        vi: "“\(typed)” quá ngắn: cần ít nhất \(shortest) ký tự.",
        en: "“\(typed)” is too short: \(shortest) characters at least.",
        uk: "«\(typed)» закоротке: щонайменше \(shortest) знаки."))
  }
}

/// A row of the hub.
struct RecordReference: Equatable {
  let table: TableSchema
  let key: RowKey

  static func == (left: Self, right: Self) -> Bool {
    left.table.number == right.table.number && left.key == right.key
  }
}

extension OpenHub {
  /// The row that was typed, live or deleted: an id or its beginning or end, with `TABLE:` before it
  /// where it is needed.
  func record(_ typed: String) throws -> RecordReference {
    var text = typed
    var tables = hub.schema.tables
    if let colon = typed.firstIndex(of: ":"),
      let table = hub.schema.table(named: String(typed[..<colon]))
    {
      tables = [table]
      text = String(typed[typed.index(after: colon)...])
    }
    let found = try tables.flatMap { try records(in: $0, text) }
    let exact = found.filter { $0.key.description.lowercased() == text.lowercased() }
    let fitting = exact.isEmpty ? found : exact
    guard let first = fitting.first else {
      throw text.count < Abbreviation.shortest
        ? Abbreviation.tooShort(typed) : Abbreviation.nothing(typed)
    }
    // A session and its part about the draft bear one id: the record itself is meant.
    guard fitting.allSatisfy({ $0.key == first.key }) else {
      throw Abbreviation.several(
        typed, try fitting.map { "\($0.table.name):\($0.key)  \(try name($0.table.name, $0.key))" })
    }
    return first
  }

  private func records(in table: TableSchema, _ text: String) throws -> [RecordReference] {
    // A composite key begins with another record's id, which must not become ambiguous by it.
    let fragment = table.key.count == 1 ? text : String(text.prefix { $0 != "/" })
    return try hub.keys(in: table.name, containing: fragment, limit: .max).filter { key in
      let id = key.description
      if table.key.count > 1 || text.count < Abbreviation.shortest {
        return id.lowercased() == text.lowercased()
      }
      return Abbreviation.fits(id, text)
    }.map { RecordReference(table: table, key: $0) }
  }

  /// The conflict that was typed.
  func conflict(_ typed: String) throws -> Conflict {
    try Abbreviation.find(
      typed, among: try hub.conflicts(openOnly: false), id: \.id,
      describe: { "\($0.id)  \($0.kind.words(in: $0.table).text), \($0.state.words.text)" })
  }
}
