import SyncCore
import SyncSQLite

/// A change set of the record that has been read, at hand for all rows that it is looked up for.
final class ReadChangeSet {
  let changeSet: ChangeSet
  let stream: Int
  let isFlagged: Bool
  /// How many bytes it was read from.
  fileprivate let size: Int
  /// By table, where each row's first insert stands.
  private lazy var creations: [Int: [RowKey: Int]] = {
    var creations: [Int: [RowKey: Int]] = [:]
    for (position, change) in changeSet.changes.enumerated() where change.operation == .insert {
      if creations[change.table]?[change.key] != nil { continue }
      creations[change.table, default: [:]][change.key] = position
    }
    return creations
  }()

  fileprivate init(_ changeSet: ChangeSet, stream: Int, isFlagged: Bool, size: Int) {
    self.changeSet = changeSet
    self.stream = stream
    self.isFlagged = isFlagged
    self.size = size
  }

  /// The position of the change that made a row; nothing if none of it did.
  func creation(of table: Int, _ key: RowKey) -> Int? { creations[table]?[key] }
}

/// The change sets that one transaction has read last.
///
/// Whatever goes through rows one by one asks for the same few again and again.
struct ReadChangeSets {
  private var kept: [(number: Int64, read: ReadChangeSet)] = []

  /// So many bytes are kept, or one change set that has more.
  private static let bytesMax = 1 << 20

  subscript(number: Int64) -> ReadChangeSet? { kept.last { $0.number == number }?.read }

  mutating func keep(_ read: ReadChangeSet, as number: Int64) {
    kept.append((number, read))
    while kept.count > 1, kept.reduce(0, { $0 + $1.read.size }) > Self.bytesMax {
      kept.removeFirst()
    }
  }
}

extension HubStore {
  /// A change set of the record, read; nothing if it is not there or is damaged.
  func readChangeSet(_ number: Int64) throws -> ReadChangeSet? {
    if number <= 0 { return nil }
    if let known = transaction.readChangeSets[number] { return known }
    guard let stored = try changeSet(number),
      let changeSet = try? ChangeSet(decoding: stored.body)
    else { return nil }
    let read = ReadChangeSet(
      changeSet, stream: stored.stream, isFlagged: stored.isFlagged, size: stored.body.count)
    transaction.readChangeSets.keep(read, as: number)
    return read
  }
}
