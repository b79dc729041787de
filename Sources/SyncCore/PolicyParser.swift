extension SyncSchema {
  /// Reads a declaration of tables and merge policies.
  ///
  /// One line each, `#` begins a comment:
  /// ```
  /// table NAME NUMBER [rows tracked|set|appendOnly|hubOnly]
  ///   COLUMN NUMBER key|POLICY [ORDER] [since VERSION]
  ///   group NAME POLICY [ORDER] [since VERSION] : COLUMN NUMBER, COLUMN NUMBER
  ///   unique NAME (COLUMN, COLUMN) [where COLUMN = VALUE]
  ///   scope COLUMN [of TABLE | of TABLE.COLUMN] [part COLUMN] [where COLUMN = VALUE]
  ///   private [where COLUMN = VALUE, VALUE]
  ///   author COLUMN
  /// ```
  /// A row's scope is what a column holds, or that of the row a column points to, or what a column
  /// holds there. Of several declarations that speak of a row the first counts, it is private if any
  /// leads to what is private, and whoever writes it has to be let write in all of them. Rows that are
  /// private are a scope of their own, and so are those of each part, which only the hub names. An author is who made the row: whoever has made it, or somebody
  /// for whom he may. A VALUE is what the column holds that is spelt so, of whatever type the column is.
  ///
  /// - Parameters:
  ///   - text: The declaration.
  ///   - version: The number of the newest migration the declaration belongs to.
  /// - Throws: ``SchemaError`` with the number of the line.
  package init(parsing text: String, version: Int) throws(SchemaError) {
    var parser = PolicyParser(version: version)
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      do throws(SchemaError) { try parser.read(line) } catch {
        throw SchemaError("line \(number): \(error.description)")
      }
    }
    try self.init(version: version, tables: try parser.finish())
  }
}

private struct PolicyParser {
  private let version: Int
  private var tables: [TableSchema] = []
  private var current: (name: String, number: Int, rows: RowPolicy)?
  private var columns: [ColumnSchema] = []
  private var units: [MergeUnit] = []
  private var softKeys: [SoftKey] = []
  private var scopes: [ScopeRule.Source] = []
  private var privacy = ScopeRule.Privacy.none
  private var authors: [Int] = []

  init(version: Int) { self.version = version }

  mutating func read(_ line: Substring) throws(SchemaError) {
    let content = line.prefix { $0 != "#" }
    let words = content.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let first = words.first else { return }
    switch first {
    case "table": try beginTable(words)
    case "group": try group(content)
    case "unique": try unique(content)
    case "scope": try scope(words)
    case "private": try confidential(content)
    case "author" where words.count == 2: authors.append(try index(of: words[1]))
    default: try column(words)
    }
  }

  mutating func finish() throws(SchemaError) -> [TableSchema] {
    try endTable()
    return tables
  }

  private mutating func beginTable(_ words: [Substring]) throws(SchemaError) {
    try endTable()
    guard words.count == 3 || (words.count == 5 && words[3] == "rows"), let number = Int(words[2])
    else { throw SchemaError("expected: table NAME NUMBER [rows KIND]") }
    guard number >= SyncSchema.firstTableNumber else {
      throw SchemaError("table numbers below \(SyncSchema.firstTableNumber) are the engine's")
    }
    guard let rows = RowPolicy(rawValue: words.count == 5 ? String(words[4]) : "tracked") else {
      throw SchemaError("unknown kind of rows: \(words[4])")
    }
    current = (String(words[1]), number, rows)
  }

  private mutating func endTable() throws(SchemaError) {
    guard let table = current else { return }
    for column in columns {
      // Rows are noted by column numbers, and one that is added comes last.
      let isLate = columns.contains { $0.since < column.since && $0.number > column.number }
      if isLate {
        throw SchemaError(
          "\(table.name).\(column.name) came later and needs a number higher than those before it")
      }
    }
    if case .none = privacy {
    } else if scopes.isEmpty {
      throw SchemaError("table \(table.name) is private and declares no scope")
    }
    tables.append(
      try TableSchema(
        name: table.name, number: table.number, rows: table.rows, columns: columns, units: units,
        softKeys: softKeys,
        scope: scopes.isEmpty ? nil : ScopeRule(sources: scopes, privacy: privacy),
        authors: authors))
    (current, columns, units, softKeys) = (nil, [], [], [])
    (scopes, privacy, authors) = ([], .none, [])
  }

  private mutating func column(_ words: [Substring]) throws(SchemaError) {
    guard current != nil else { throw SchemaError("a column outside a table") }
    guard words.count >= 3, let number = Int(words[1]), number > 0 else {
      throw SchemaError("expected: COLUMN NUMBER POLICY")
    }
    let name = String(words[0])
    let (words, since) = try since(words)
    if words[2] == "key" {
      columns.append(ColumnSchema(name: name, number: number, unit: nil))
    } else {
      columns.append(ColumnSchema(name: name, number: number, unit: units.count, since: since))
      let policy = try policy(words[2], words.dropFirst(3).joined(separator: " "))
      units.append(MergeUnit(name: name, columns: [columns.count - 1], policy: policy))
    }
  }

  private mutating func group(_ line: Substring) throws(SchemaError) {
    guard current != nil else { throw SchemaError("a group outside a table") }
    let halves = line.split(separator: ":")
    let (words, since) = try since(halves.first?.split(separator: " ") ?? [])
    guard halves.count == 2, words.count >= 3 else {
      throw SchemaError("expected: group NAME POLICY : COLUMN NUMBER, …")
    }
    let start = columns.count
    for member in halves[1].split(separator: ",") {
      let words = member.split(separator: " ")
      guard words.count == 2, let number = Int(words[1]), number > 0 else {
        throw SchemaError("expected COLUMN NUMBER in a group, found \(member)")
      }
      columns.append(
        ColumnSchema(name: String(words[0]), number: number, unit: units.count, since: since))
    }
    let policy = try policy(words[2], words.dropFirst(3).joined(separator: " "))
    if policy == .text || policy == .set {
      throw SchemaError("a group cannot merge as text or set")
    }
    units.append(
      MergeUnit(name: String(words[1]), columns: Array(start..<columns.count), policy: policy))
  }

  /// A declaration's words without the version that brought it.
  private func since(_ words: [Substring]) throws(SchemaError) -> ([Substring], Int) {
    guard words.count > 4, words[words.count - 2] == "since" else { return (words, 1) }
    guard let since = Int(words[words.count - 1]), since > 0 else {
      throw SchemaError("expected: since VERSION")
    }
    guard since <= version else {
      throw SchemaError("since \(since): the schema is version \(version)")
    }
    return (words.dropLast(2), since)
  }

  private mutating func unique(_ line: Substring) throws(SchemaError) {
    guard let open = line.firstIndex(of: "("), let close = line.firstIndex(of: ")"), open < close
    else { throw SchemaError("expected: unique NAME (COLUMN, …)") }
    let head = line[..<open].split(separator: " ")
    guard head.count == 2 else { throw SchemaError("expected: unique NAME (COLUMN, …)") }
    var members: [Int] = []
    for name in line[line.index(after: open)..<close].split(whereSeparator: {
      $0 == "," || $0 == " "
    }) {
      members.append(try index(of: name))
    }
    let tail = line[line.index(after: close)...].split(separator: " ")
    let condition = try condition(tail).map { ($0.column, $0.literal.values) }
    softKeys.append(SoftKey(name: String(head[1]), columns: members, condition: condition))
  }

  private mutating func scope(_ words: [Substring]) throws(SchemaError) {
    let tail = words.firstIndex(of: "where").map { words[$0...] } ?? []
    var head = words.prefix(words.count - tail.count)
    var part: Int?
    if head.count > 3, head[head.count - 2] == "part" {
      part = try partColumn(head.removeLast())
      head.removeLast()
    }
    guard current != nil, head.count == 2 || (head.count == 4 && head[2] == "of"),
      tail.isEmpty || tail.count == 4
    else {
      throw SchemaError(
        "expected: scope COLUMN [of TABLE | of TABLE.COLUMN] [part COLUMN] [where …]")
    }
    let column = try index(of: head[1])
    let meaning = try meaning(head.count == 4 ? head[3] : nil)
    if case .row = meaning, part != nil {
      throw SchemaError("a row that is of another's scope is of no part of its own")
    }
    guard let condition = try condition(Array(tail)) else {
      return scopes.append(ScopeRule.Source(column: column, meaning: meaning, part: part))
    }
    // One for each value that may be meant; a row has one of them, so one of these speaks of it.
    for value in condition.literal.values {
      scopes.append(
        ScopeRule.Source(
          column: column, meaning: meaning, part: part, condition: (condition.column, value)))
    }
  }

  /// A column that names parts: who may read a row must not be for its writer to say.
  private func partColumn(_ name: Substring) throws(SchemaError) -> Int {
    let index = try index(of: name)
    guard let unit = columns[index].unit, case .hubOnly(initial: .null) = units[unit].policy else {
      throw SchemaError("\(name) names parts and has to be hubOnly")
    }
    return index
  }

  private func meaning(_ place: Substring?) throws(SchemaError) -> ScopeRule.Meaning {
    guard let place else { return .name }
    let parts = place.split(separator: ".").map(String.init)
    switch parts.count {
    case 1: return .row(parts[0])
    case 2: return .cell(parts[0], column: parts[1])
    default: throw SchemaError("expected TABLE or TABLE.COLUMN, found \(place)")
    }
  }

  /// Reads `where COLUMN = VALUE`; nothing if it is not there.
  private func condition(
    _ words: [Substring]
  ) throws(SchemaError) -> (column: Int, literal: Literal)? {
    if words.isEmpty { return nil }
    guard words.count == 4, words[0] == "where", words[2] == "=" else {
      throw SchemaError("expected: where COLUMN = VALUE")
    }
    return (try index(of: words[1]), Literal(words[3]))
  }

  private mutating func confidential(_ line: Substring) throws(SchemaError) {
    let words = line.split { $0 == " " || $0 == "\t" || $0 == "," }
    guard current != nil, words.count == 1 || (words.count > 4 && words[1] == "where"),
      words.count == 1 || words[3] == "="
    else { throw SchemaError("expected: private [where COLUMN = VALUE, …]") }
    privacy =
      words.count == 1
      ? .always
      : .when(
        column: try index(of: words[2]),
        values: Set(words.dropFirst(4).flatMap { Literal($0).values }))
  }

  private func index(of name: Substring) throws(SchemaError) -> Int {
    guard let index = columns.firstIndex(where: { $0.name == name }) else {
      throw SchemaError("unknown column \(name); declare columns before what uses them")
    }
    return index
  }

  private func policy(_ name: Substring, _ order: String) throws(SchemaError) -> MergePolicy {
    let chains = order.split(separator: ";").map { chain in
      chain.split { $0 == ">" || $0 == "<" || $0 == " " }.map(String.init)
    }
    switch name {
    case "max": return .maximum(chains.first ?? [])
    case "min": return .minimum(chains.first ?? [])
    case "workflow":
      guard let order = PartialOrder(chains: chains), !chains.isEmpty else {
        throw SchemaError("a workflow needs an order that does not run in a circle")
      }
      return .workflow(order)
    case "hubOnly": return .hubOnly(initial: order.isEmpty ? .null : Literal(order[...]).value)
    default: break
    }
    guard order.isEmpty else { throw SchemaError("\(name) takes no order") }
    switch name {
    case "operator": return .operator
    case "lastWriter": return .lastWriter
    case "text": return .text
    case "set": return .set
    case "immutable": return .immutable
    default: throw SchemaError("unknown policy \(name)")
    }
  }
}
