import Crypto

/// The part of the data that a row belongs to, and so who holds it.
package struct Scope: Hashable, Comparable, Sendable {
  /// The scope as text: its kind's sign, and its name.
  ///
  /// No name can look like another kind.
  package let stored: String

  package init(stored: String) { self.stored = stored }

  /// What every device holds.
  package static let shared = Scope(stored: "")
  /// What nobody holds but whoever holds everything: rows that name no scope.
  package static let nobody = Scope(stored: "?")

  /// The scope of an application's name, such as a unit's; its private rows are a scope of their own.
  ///
  /// A part of it is a scope of its own too: whoever is to have one part alone is given that, and
  /// whoever is to have all is given each.
  package static func named(
    _ name: String, part: String? = nil, isPrivate: Bool = false
  ) -> Scope {
    guard let part else { return Scope(stored: (isPrivate ? "!" : "=") + name) }
    return Scope(stored: "\(isPrivate ? ";" : ":")\(name.utf8.count):\(name)\(part)")
  }

  /// What concerns one device alone.
  package static func device(_ id: String) -> Scope { Scope(stored: "@" + id) }

  /// The name, where it is an application's.
  package var name: String? { named?.name }
  /// The part of what bears the name, where it is one.
  package var part: String? { named?.part }
  package var isPrivate: Bool { stored.hasPrefix("!") || stored.hasPrefix(";") }
  /// The scope of its private rows; nothing where there are none apart.
  package var madePrivate: Scope? {
    named.map { .named($0.name, part: $0.part, isPrivate: true) }
  }

  private var named: (name: String, part: String?)? {
    let rest = stored.dropFirst()
    switch stored.first {
    case "=", "!": return (String(rest), nil)
    case ":", ";":
      guard let colon = rest.firstIndex(of: ":"), let count = Int(rest[..<colon]) else {
        return nil
      }
      let both = rest[rest.index(after: colon)...]
      let name = String(decoding: both.utf8.prefix(count), as: UTF8.self)
      return (name, String(decoding: both.utf8.dropFirst(count), as: UTF8.self))
    default: return nil
    }
  }
  package var isOfDevice: Bool { stored.hasPrefix("@") }

  package static func < (left: Scope, right: Scope) -> Bool { left.stored < right.stored }
}

/// What the holder of a device may see and change.
package struct Access: Equatable, Sendable {
  /// The scopes whose rows it is sent, beside what is shared and its own; nothing for all there are.
  package let read: Set<Scope>?
  /// Those of them whose rows it may change; nothing for all there are.
  package let written: Set<Scope>?
  /// Who may be named as the writer of what comes from it; nothing for anybody.
  package let officers: Set<String>?
  /// Whom the writer may record for beside himself, where that is asked.
  package let principals: Set<String>

  package static let everything = Access(reading: nil, writing: nil)

  package init(
    reading read: Set<Scope>?, writing written: Set<Scope>?, naming officers: Set<String>? = nil,
    recordingFor principals: Set<String> = []
  ) {
    self.read = read
    self.written = written
    self.officers = officers
    self.principals = principals
  }

  package func reads(_ scope: Scope) -> Bool { read?.contains(scope) ?? true }
  package func writes(_ scope: Scope) -> Bool { written?.contains(scope) ?? true }

  /// Whether a row that an officer makes may say that somebody made it.
  package func mayName(_ author: String, writtenBy officer: String) -> Bool {
    officers == nil || author == officer || principals.contains(author)
  }

  /// A number that tells one set of readable scopes from another; 0 is everything.
  ///
  /// A device says by it what the state that it holds was made of.
  package var version: UInt64 {
    guard let read else { return 0 }
    let text = read.map(\.stored).sorted().joined(separator: "\0")
    return SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } | 1
  }
}

/// How a row's scope is found.
package struct ScopeRule: Sendable {
  /// The first that speaks of a row counts.
  package let sources: [Source]
  /// Whether the rows are private: none, all, or those in which a column has one of some values.
  package let privacy: Privacy

  package enum Privacy: Sendable {
    case none
    case always
    case when(column: Int, values: Set<Value>)
  }

  package init(sources: [Source], privacy: Privacy = .none) {
    self.sources = sources
    self.privacy = privacy
  }

  package func isPrivate(_ values: [Value]) -> Bool {
    switch privacy {
    case .none: false
    case .always: true
    case .when(let column, let confidential): confidential.contains(values[column])
    }
  }

  /// Whether it names numbers, which a column of texts holds as they are spelt.
  package var namesNumbers: Bool {
    var named = sources.compactMap(\.condition?.value)
    if case .when(_, let confidential) = privacy { named += confidential }
    return named.contains { $0.integer != nil }
  }

  /// The sources that speak of a row; the first tells its scope, and if any is private it is too.
  package func sources(for values: [Value]) -> [Source] {
    sources.filter { source in
      values[source.column] != .null
        && source.condition.map { values[$0.column] == $0.value } ?? true
    }
  }

  /// A column that tells the scope.
  package struct Source: Sendable {
    package let column: Int
    package let meaning: Meaning
    /// The column that tells of which part of what is named a row is; where it is NULL, of none.
    package let part: Int?
    /// Only rows in which this column has this value.
    package let condition: (column: Int, value: Value)?

    package init(
      column: Int, meaning: Meaning, part: Int? = nil, condition: (column: Int, value: Value)? = nil
    ) {
      self.column = column
      self.meaning = meaning
      self.part = part
      self.condition = condition
    }

    /// The table that the column points to.
    package var table: String? {
      switch meaning {
      case .name: nil
      case .row(let table), .cell(let table, _): table
      }
    }
  }

  package enum Meaning: Sendable {
    /// The column holds the scope's name.
    case name
    /// It points to a row of a table, whose scope it is.
    case row(String)
    /// It points to a row of a table, and there a column holds the name.
    case cell(String, column: String)
  }
}

/// A table whose rows have to be looked at when the scope of a row that they point to changes.
package struct ScopeDependent: Sendable {
  package let table: Int
  /// Index of the column that points.
  package let column: Int
  /// Index of the column there that holds the scope's name; nothing if it is that row's own scope.
  package let cell: Int?
  /// Only rows in which this column has this value.
  package let condition: (column: Int, value: Value)?
}
