import Foundation
import SyncCore
import TestSupport
import Testing

/// The laws of merging, over all small inputs rather than some.
struct MergeTests {
  private let table: TableSchema

  init() throws { table = try ToySchema.project() }

  /// One device's way from the base value: a list of values it wrote one after the other.
  private struct Side {
    let stream: Int
    let values: [[Value]]
    var stamp: UInt64
    var isFlagged = false
  }

  private func base(_ unit: MergeUnit, _ values: [Value]) -> RowState {
    var row = Array(repeating: Value.null, count: table.columns.count)
    row[0] = .text("p")
    for (column, value) in zip(unit.columns, values) { row[column] = value }
    return RowState(
      values: row,
      created: Version(
        sequence: 1, stream: 9, changeSet: 1, stamp: HybridTime(bits: 1), isFlagged: false))
  }

  /// Merges the sides' writes in the given order of arrival: each number is a side whose next write
  /// comes in, or whose writes all come in if it has only one place in the order.
  private func apply(_ sides: [Side], in order: [Int], to start: [Value], _ unit: MergeUnit) throws
    -> RowState
  {
    var state = base(unit, start)
    var sequence: Int64 = 1
    var done = sides.map { _ in 0 }
    for index in order {
      let isOnlyVisit = order.count { $0 == index } == 1
      let steps =
        isOnlyVisit ? done[index]..<sides[index].values.count : done[index]..<done[index] + 1
      for step in steps {
        let after = sides[index].values[step]
        let before = step == 0 ? start : sides[index].values[step - 1]
        done[index] += 1
        sequence += 1
        let fields = zip(unit.columns, zip(before, after)).map {
          FieldChange(column: table.columns[$0].number, before: $1.0, after: $1.1)
        }
        let origin = ChangeOrigin(
          stream: sides[index].stream, changeSet: sequence, base: 1,
          stamp: HybridTime(bits: sides[index].stamp + UInt64(step)),
          isFlagged: sides[index].isFlagged)
        state = try RowState.merge(
          state,
          RowChange(table: 10, operation: .update, key: RowKey([.text("p")]), fields: fields),
          from: origin, table: table, sequence: sequence
        ).state
      }
    }
    return state
  }

  /// What people would see: without a conflict the live value, with one the set of values in it.
  private func visible(_ state: RowState, _ unit: MergeUnit, _ index: Int) -> Set<[Value]> {
    let candidates = state.unit(index).candidates.map(\.values)
    return Set([state.values(of: unit)] + candidates)
  }

  private func domain(_ unit: MergeUnit) -> [[Value]] {
    switch unit.name {
    case "stage":
      ["draft", "held", "reported", "cancelled"].map { [.text($0)] }
    case "secrecy": ["normal", "internal", "sensitive"].map { [.text($0)] } + [[.null]]
    case "prose": ["a\n\nb", "A\n\nb", "a\n\nB", "a\n\nb\n\nc", "x"].map { [.text($0)] }
    case "tags": ["a, b", "a", "b, c", "a, b, d"].map { [.text($0)] } + [[.null]]
    case "period":
      [[.null, .null], [.text("1"), .null], [.text("1"), .text("2")], [.text("3"), .text("2")]]
    case "due":
      [
        [.null, .null], [.text("practice"), .text("1")], [.text("practice"), .text("2")],
        [.text("agreed"), .text("2")], [.text("document"), .text("1")],
      ]
    case "weight": [[.null], [.real(1)], [.real(1.5)]]
    case "picture": [[.null], [.blob([])], [.blob([1])]]
    default: ["1", "2", "é", "e\u{301}"].map { [.text($0)] } + [[.null]]
    }
  }

  @Test func `two sides give the same in either order, for every policy and every value`() throws {
    var cases = 0
    for (index, unit) in table.units.enumerated() {
      let values = domain(unit)
      for start in values {
        for first in values {
          for second in values {
            for flag in [false, true] {
              let sides = [
                Side(stream: 1, values: [first], stamp: 100),
                Side(stream: 2, values: [second], stamp: 50, isFlagged: flag),
              ]
              let one = try apply(sides, in: [0, 1], to: start, unit)
              let other = try apply(sides, in: [1, 0], to: start, unit)
              let seen = visible(one, unit, index)
              #expect(
                agreeing(seen) == agreeing(visible(other, unit, index)),
                "\(unit.name): \(start) → \(first) | \(second)")
              cases += 1
            }
          }
        }
      }
    }
    #expect(cases > 2_000)
  }

  /// A set of values in which texts that agree count once.
  private func agreeing(_ values: Set<[Value]>) -> Set<String> {
    Set(
      values.map { list in
        list.map { value in
          if case .text(let text) = value { return text == "é" ? "é" : text }
          return "\(value)"
        }.joined(separator: "|")
      })
  }

  @Test func `three sides open the same conflict in every order`() throws {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    for (index, unit) in table.units.enumerated()
    where ["title", "place", "stage", "secrecy", "tags", "period", "first_day"].contains(unit.name)
    {
      let values = domain(unit)
      for start in values {
        for first in values {
          for second in values {
            for third in values {
              let sides = [
                Side(stream: 1, values: [first], stamp: 100),
                Side(stream: 2, values: [second], stamp: 50),
                Side(stream: 3, values: [third], stamp: 75),
              ]
              let seen = try orders.map {
                agreeing(visible(try apply(sides, in: $0, to: start, unit), unit, index))
              }
              #expect(
                Set(seen).count == 1, "\(unit.name): \(start) → \(first) | \(second) | \(third)")
            }
          }
        }
      }
    }
  }

  @Test func `a side that writes twice offline counts by its last word, in either order`() throws {
    for (index, unit) in table.units.enumerated()
    where ["title", "period", "stage", "secrecy"].contains(unit.name) {
      let values = domain(unit)
      for start in values {
        for first in values {
          for last in values {
            for other in values {
              let sides = [
                Side(stream: 1, values: [first, last], stamp: 100),
                Side(stream: 2, values: [other], stamp: 50),
              ]
              let seen = try [[0, 1], [1, 0], [0, 1, 0]].map {
                agreeing(visible(try apply(sides, in: $0, to: start, unit), unit, index))
              }
              #expect(
                Set(seen).count == 1,
                "\(unit.name): \(start) → \(first) → \(last) | \(other): \(seen)")
            }
          }
        }
      }
    }
  }

  @Test func `the operator's policy loses no value that anybody wrote`() throws {
    let unit = try #require(table.units.first { $0.name == "title" })
    let index = try #require(table.units.firstIndex { $0.name == "title" })
    let state = try apply(
      [
        Side(stream: 1, values: [[.text("b")]], stamp: 1),
        Side(stream: 2, values: [[.text("c")]], stamp: 2),
        Side(stream: 3, values: [[.text("d")]], stamp: 3),
      ], in: [0, 1, 2], to: [.text("a")], unit)
    #expect(state.values(of: unit) == [.text("b")])
    #expect(state.unit(index).candidates.map(\.values) == [[.text("c")], [.text("d")]])
    #expect(state.unit(index).base == [.text("a")])
  }

  @Test func `a flagged clock does not win alone`() throws {
    let unit = try #require(table.units.first { $0.name == "place" })
    let index = try #require(table.units.firstIndex { $0.name == "place" })
    let state = try apply(
      [
        Side(stream: 1, values: [[.text("b")]], stamp: 1),
        Side(stream: 2, values: [[.text("c")]], stamp: 1_000, isFlagged: true),
      ], in: [0, 1], to: [.text("a")], unit)
    #expect(state.values(of: unit) == [.text("b")])
    #expect(state.unit(index).candidates.map(\.values) == [[.text("c")]])
  }

  @Test func `a stage that is further along wins, and stages that part are the operator's`() throws
  {
    let unit = try #require(table.units.first { $0.name == "stage" })
    let index = try #require(table.units.firstIndex { $0.name == "stage" })
    let further = try apply(
      [
        Side(stream: 1, values: [[.text("reported")]], stamp: 1),
        Side(stream: 2, values: [[.text("held")]], stamp: 2),
      ], in: [0, 1], to: [.text("draft")], unit)
    #expect(further.values(of: unit) == [.text("reported")])
    #expect(further.unit(index).candidates.isEmpty)
    let parted = try apply(
      [
        Side(stream: 1, values: [[.text("cancelled")]], stamp: 1),
        Side(stream: 2, values: [[.text("held")]], stamp: 2),
      ], in: [0, 1], to: [.text("draft")], unit)
    #expect(parted.unit(index).candidates.map(\.values) == [[.text("held")]])
  }

  @Test func `a deletion against an edit leaves the row alive and asks, in either order`() throws {
    let unit = try #require(table.units.first { $0.name == "title" })
    let delete = RowChange(table: 10, operation: .delete, key: RowKey([.text("p")]), fields: [])
    let edit = RowChange(
      table: 10, operation: .update, key: RowKey([.text("p")]),
      fields: [FieldChange(column: 2, before: .text("a"), after: .text("b"))])
    for (first, second) in [(delete, edit), (edit, delete)] {
      var state = base(unit, [.text("a")])
      for (step, change) in [first, second].enumerated() {
        state = try RowState.merge(
          state, change,
          from: ChangeOrigin(
            stream: change == delete ? 1 : 2, changeSet: Int64(step) + 2, base: 1,
            stamp: HybridTime(bits: 5), isFlagged: false), table: table,
          sequence: Int64(step) + 2
        ).state
      }
      #expect(!state.isDeleted)
      #expect(state.values(of: unit) == [.text("b")])
      #expect(state.deletions.map(\.stream) == [1])
    }
  }

  @Test func `the state of a row survives its encoding`() throws {
    let unit = try #require(table.units.first { $0.name == "title" })
    var state = try apply(
      [
        Side(stream: 1, values: [[.text("b")]], stamp: 1),
        Side(stream: 2, values: [[.text("c")]], stamp: 2, isFlagged: true),
      ], in: [0, 1], to: [.text("a")], unit)
    state.deletion = state.created
    let copy = try RowState(
      metadata: state.encodedMetadata(table), live: nil, table: table)
    #expect(copy == state)
  }

  @Test func `a column declared among the others does not shift what is known of them`() throws {
    let unit = try #require(table.units.first { $0.name == "period" })
    let state = try apply(
      [Side(stream: 1, values: [[.text("1"), .text("2")]], stamp: 1)], in: [0],
      to: [.null, .null], unit)
    let grown = try SyncSchema(
      parsing: ToySchema.policies.replacingOccurrences(
        of: "title 2 operator", with: "mood 99 operator\n title 2 operator"), version: 2)
    let newTable = try #require(grown.table(named: "project"))
    var deleted = state
    deleted.deletion = state.created
    let read = try RowState(
      metadata: deleted.encodedMetadata(table), live: nil, table: newTable)
    #expect(read.units.keys.map { newTable.units[$0].name } == ["period"])
    let period = try #require(newTable.units.first { $0.name == "period" })
    #expect(read.values(of: period) == [.text("1"), .text("2")])
  }

  @Test func `a field that names a key column does not move the row to another key`() throws {
    let key = RowKey([.text("p")])
    let insert = RowChange(
      table: 10, operation: .insert, key: key,
      fields: [FieldChange(column: 1, before: .null, after: .text("q"))])
    let origin = ChangeOrigin(
      stream: 1, changeSet: 1, base: 0, stamp: HybridTime(bits: 5), isFlagged: false)
    let state = try RowState.merge(nil, insert, from: origin, table: table, sequence: 1).state
    #expect(table.rowKey(of: state.values) == key)
  }
}
