import SyncCore
import TestSupport
import Testing

/// A decision stands (law L10), over all small inputs: what was written without knowing it goes live only
/// where it builds on the very value that was decided.
struct DecisionTests {
  private let table: TableSchema

  init() throws { table = try ToySchema.project() }

  private static let decidedAt: Int64 = 10

  /// The policies of which officers may write the units.
  private var open: [(index: Int, unit: MergeUnit)] {
    table.units.enumerated().compactMap { index, unit in
      switch unit.policy {
      case .hubOnly, .immutable: nil
      default: (index, unit)
      }
    }
  }

  private func values(of unit: MergeUnit) -> [[Value]] {
    switch unit.name {
    case "stage": ["draft", "held", "reported", "cancelled"].map { [.text($0)] }
    case "secrecy": ["normal", "internal", "sensitive"].map { [.text($0)] }
    case "prose": ["a\n\nb", "A\n\nb", "a\n\nB", "x"].map { [.text($0)] }
    case "tags": ["a, b", "a", "b, c"].map { [.text($0)] }
    case "period", "due": [[.text("1"), .text("1")], [.text("2"), .text("2")], [.null, .null]]
    default: ["1", "2", "3"].map { [.text($0)] } + [[.null]]
    }
  }

  private func row(_ unit: MergeUnit, _ values: [Value]) -> RowState {
    var row = Array(repeating: Value.null, count: table.columns.count)
    row[0] = .text("p")
    for (column, value) in zip(unit.columns, values) { row[column] = value }
    return RowState(
      values: row,
      created: Version(
        sequence: 1, stream: 9, changeSet: 1, stamp: HybridTime(bits: 1), isFlagged: false))
  }

  private struct Edit {
    let stream: Int
    let before: [Value]
    let after: [Value]
    var base: Int64 = 1
    var stamp: UInt64 = 5
  }

  private func apply(_ edit: Edit, to state: RowState, _ unit: MergeUnit, at sequence: Int64) throws
    -> RowState
  {
    let fields = zip(unit.columns, zip(edit.before, edit.after)).map {
      FieldChange(column: table.columns[$0].number, before: $1.0, after: $1.1)
    }
    return try RowState.merge(
      state, RowChange(table: 10, operation: .update, key: RowKey([.text("p")]), fields: fields),
      from: ChangeOrigin(
        stream: edit.stream, changeSet: sequence, base: edit.base,
        stamp: HybridTime(bits: edit.stamp), isFlagged: false), table: table, sequence: sequence
    ).state
  }

  /// Two have written different things, and a person has decided.
  private func decided(
    _ start: [Value], _ first: [Value], _ second: [Value], as value: [Value], _ index: Int
  ) throws -> RowState {
    let unit = table.units[index]
    var state = row(unit, start)
    state = try apply(Edit(stream: 1, before: start, after: first), to: state, unit, at: 2)
    state = try apply(Edit(stream: 2, before: start, after: second), to: state, unit, at: 3)
    state.decide(
      unit: index, values: value,
      version: Version(
        sequence: Self.decidedAt, stream: 0, changeSet: 10, stamp: HybridTime(bits: 1),
        isFlagged: false), table: table)
    return state
  }

  private func candidates(_ state: RowState, _ index: Int) -> [[Value]] {
    state.unit(index).candidates.map(\.values)
  }

  private func isMergeable(_ unit: MergeUnit) -> Bool {
    unit.policy == .text || unit.policy == .set
  }

  @Test func `what is written without knowing a decision asks, whoever writes it, by every policy`()
    throws
  {
    var cases = 0
    for (index, unit) in open {
      for start in values(of: unit) {
        for first in values(of: unit) {
          for decision in values(of: unit) {
            for after in values(of: unit) where after != first && after != decision {
              let state = try decided(start, first, start, as: decision, index)
              // A late stamp, so that whoever asks clocks would take it.
              let edits = [
                Edit(stream: 1, before: first, after: after, stamp: 900),
                Edit(stream: 3, before: start, after: after, stamp: 900),
              ]
              for edit in edits where edit.before != after {
                let seen = try apply(edit, to: state, unit, at: 11)
                let what = "\(unit.name): \(start) → \(first), decided \(decision), then \(edit)"
                if edit.before == decision {
                  #expect(
                    seen.values(of: unit) == after && candidates(seen, index).isEmpty, "\(what)")
                } else if !isMergeable(unit) {
                  #expect(seen.values(of: unit) == decision, "\(what)")
                  #expect(candidates(seen, index) == [after], "\(what)")
                } else if !candidates(seen, index).isEmpty {
                  #expect(seen.values(of: unit) == decision, "\(what)")
                }
                cases += 1
              }
            }
          }
        }
      }
    }
    #expect(cases > 2_000)
  }

  @Test func `a text that was written without knowing a decision is merged from what it replaced`()
    throws
  {
    let index = try #require(table.units.firstIndex { $0.name == "prose" })
    let unit = table.units[index]
    let state = try decided(
      [.text("a\n\nb")], [.text("A\n\nb")], [.text("a\n\nB")], as: [.text("a\n\nB")], index)
    let seen = try apply(
      Edit(stream: 1, before: [.text("A\n\nb")], after: [.text("A\n\nb\n\nc")]), to: state, unit,
      at: 11)
    #expect(seen.values(of: unit) == [.text("a\n\nB\n\nc")])
    #expect(candidates(seen, index).isEmpty)
  }

  @Test func `who knew the decision, or takes its value over, asks nobody`() throws {
    for (index, unit) in open {
      for decision in values(of: unit) {
        for after in values(of: unit) {
          let start = values(of: unit)[0]
          let state = try decided(start, start, start, as: decision, index)
          let aware = try apply(
            Edit(stream: 1, before: decision, after: after, base: Self.decidedAt), to: state, unit,
            at: 11)
          #expect(aware.values(of: unit) == after && candidates(aware, index).isEmpty)
          let same = try apply(
            Edit(stream: 1, before: start, after: decision), to: state, unit, at: 11)
          #expect(same.values(of: unit) == decision && candidates(same, index).isEmpty)
        }
      }
    }
  }

  @Test func `it makes no difference in which order those come who did not know a decision`() throws
  {
    for (index, unit) in open where unit.name != "place" {
      for decision in values(of: unit) {
        for one in values(of: unit) {
          for other in values(of: unit) {
            let start = values(of: unit)[0]
            let state = try decided(start, start, start, as: decision, index)
            let edits = [
              Edit(stream: 1, before: start, after: one),
              Edit(stream: 2, before: start, after: other),
            ]
            if start == decision { continue }
            let seen = try [[0, 1], [1, 0]].map { order in
              let first = try apply(edits[order[0]], to: state, unit, at: 11)
              let both = try apply(edits[order[1]], to: first, unit, at: 12)
              return Set([both.values(of: unit)] + candidates(both, index))
            }
            #expect(seen[0] == seen[1], "\(unit.name): \(decision), then \(one) | \(other)")
          }
        }
      }
    }
  }

  @Test func `an edit by who knew a decision is not undone by who did not`() throws {
    for (index, unit) in open where !isMergeable(unit) {
      let known = values(of: unit)
      for after in known where after != known[1] && after != known[0] {
        let state = try decided(known[0], known[0], known[0], as: known[1], index)
        let aware = try apply(
          Edit(stream: 2, before: known[1], after: after, base: Self.decidedAt), to: state, unit,
          at: 11)
        for late in known where late != after && late != known[0] {
          let seen = try apply(
            Edit(stream: 1, before: known[0], after: late, stamp: 900), to: aware, unit, at: 12)
          #expect(seen.values(of: unit) == after, "\(unit.name)")
          #expect(candidates(seen, index) == [late], "\(unit.name)")
        }
      }
    }
  }

  @Test func `what is written over what one wrote on a decided value builds on the decision`()
    throws
  {
    let index = try #require(table.units.firstIndex { $0.name == "title" })
    let unit = table.units[index]
    var state = try decided([.text("a")], [.text("b")], [.text("c")], as: [.text("b")], index)
    state = try apply(
      Edit(stream: 1, before: [.text("b")], after: [.text("b2")]), to: state, unit, at: 11)
    state = try apply(
      Edit(stream: 1, before: [.text("b2")], after: [.text("b3")]), to: state, unit, at: 12)
    #expect(state.values(of: unit) == [.text("b3")] && candidates(state, index).isEmpty)
  }

  @Test func `a decision outlives the encoding of its row`() throws {
    let index = try #require(table.units.firstIndex { $0.name == "place" })
    let unit = table.units[index]
    let state = try decided([.text("a")], [.text("b")], [.text("c")], as: [.text("d")], index)
    let read = try RowState(
      metadata: state.encodedMetadata(table), live: state.values, table: table)
    #expect(read == state)
    let seen = try apply(
      Edit(stream: 1, before: [.text("b")], after: [.text("e")], stamp: 900), to: read, unit, at: 11
    )
    #expect(seen.values(of: unit) == [.text("d")])
    let asked = try RowState(
      metadata: seen.encodedMetadata(table), live: seen.values, table: table)
    #expect(asked == seen)
  }

  // MARK: Whether a row lives

  private func merge(
    _ operation: Operation, _ state: RowState, stream: Int, base: Int64, at sequence: Int64
  ) throws -> RowState {
    let fields =
      operation == .insert
      ? [FieldChange(column: 2, before: .null, after: .text("n"))] : []
    return try RowState.merge(
      state,
      RowChange(table: 10, operation: operation, key: RowKey([.text("p")]), fields: fields),
      from: ChangeOrigin(
        stream: stream, changeSet: sequence, base: base, stamp: HybridTime(bits: 5),
        isFlagged: false), table: table, sequence: sequence
    ).state
  }

  /// One has deleted the row, another edited it, and a person has decided.
  private func asked() throws -> RowState {
    let unit = table.units[0]
    let edited = try apply(
      Edit(stream: 2, before: [.text("a")], after: [.text("b")]), to: row(unit, [.text("a")]), unit,
      at: 2)
    return try merge(.delete, edited, stream: 1, base: 1, at: 3)
  }

  private func version(_ sequence: Int64) -> Version {
    Version(
      sequence: sequence, stream: 0, changeSet: sequence, stamp: HybridTime(bits: 9),
      isFlagged: false)
  }

  @Test func `a row that was decided to live is deleted by nobody who did not know it`() throws {
    var state = try asked()
    state.decideDeletion(isConfirmed: false, version: version(Self.decidedAt))
    for stream in [1, 2, 3] {
      let seen = try merge(.delete, state, stream: stream, base: 3, at: 11)
      #expect(!seen.isDeleted && seen.deletions.map(\.stream) == [stream], "\(stream)")
    }
    #expect(try merge(.delete, state, stream: 1, base: Self.decidedAt, at: 11).isDeleted)
  }

  @Test func `a row whose deletion was confirmed is made anew by who deleted it and nobody else`()
    throws
  {
    var state = try asked()
    state.decideDeletion(isConfirmed: true, version: version(Self.decidedAt))
    let own = try merge(.insert, state, stream: 1, base: 3, at: 11)
    #expect(!own.isDeleted && own.deletions.isEmpty)
    for stream in [2, 3] {
      let seen = try merge(.insert, state, stream: stream, base: 3, at: 11)
      #expect(!seen.isDeleted && seen.deletions.map(\.stream) == [0], "\(stream)")
    }
  }
}
