/// The changes of a change set, in their order.
///
/// Of a large change set only its bytes are kept, and where in them each change begins: what they say
/// takes several times as much. A change is then read whenever it is looked at.
package struct RowChanges: Sendable {
  private enum Form {
    case listed([RowChange])
    case kept(KeptChanges)
  }

  private var form: Form

  package init(_ changes: [RowChange] = []) { form = .listed(changes) }

  fileprivate init(_ changes: KeptChanges) { form = .kept(changes) }

  /// Whether there is any of an operation among them.
  package func contains(_ operation: Operation) -> Bool {
    switch form {
    case .listed(let changes): changes.contains { $0.operation == operation }
    case .kept(let changes): changes.operations.contains(operation)
    }
  }

  /// Whether there is a number in them that is none.
  package var holdNoNumber: Bool {
    switch form {
    case .listed(let changes): changes.contains(where: \.holdsNoNumber)
    case .kept(let changes): changes.holdNoNumber
    }
  }

  package mutating func append(_ change: RowChange) {
    var changes = Array(self)
    form = .listed([])
    changes.append(change)
    form = .listed(changes)
  }
}

extension RowChanges: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int {
    switch form {
    case .listed(let changes): changes.count
    case .kept(let changes): changes.count
    }
  }

  package subscript(position: Int) -> RowChange {
    get {
      switch form {
      case .listed(let changes): changes[position]
      case .kept(let changes): changes[position]
      }
    }
    set {
      var changes = Array(self)
      changes[position] = newValue
      form = .listed(changes)
    }
  }
}

extension RowChanges: Equatable {
  package static func == (left: RowChanges, right: RowChanges) -> Bool {
    left.elementsEqual(right)
  }
}

extension RowChanges: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: RowChange...) { self.init(elements) }
}

/// Changes as they stand in a change set's bytes, all of which have been read once.
private struct KeptChanges: Sendable {
  private let bytes: [UInt8]
  /// Where each begins, by four bytes: nothing that is stored is longer than they tell.
  private var starts: [UInt32] = []
  private(set) var operations: Set<Operation> = []
  private(set) var holdNoNumber = false

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { starts.count }

  subscript(position: Int) -> RowChange {
    var reader = WireReader(bytes, Int(starts[position])..<bytes.count)
    guard let message = try? reader.sized(), let change = try? RowChange(reading: message) else {
      preconditionFailure("bytes that have changed since they were read")
    }
    return change
  }

  mutating func add(_ message: WireReader) throws(WireError) {
    let change = try RowChange(reading: message)
    operations.insert(change.operation)
    if change.holdsNoNumber { holdNoNumber = true }
    starts.append(UInt32(start(of: message)))
  }

  /// Where the length of a message begins: its last byte has the highest bit clear, and those before it
  /// have it set; before them is the field's number, which has not.
  private func start(of message: WireReader) -> Int {
    var start = message.position - 1
    while bytes[start - 1] & 0x80 != 0 { start -= 1 }
    return start
  }
}

extension RowChanges {
  /// Changes that are being read.
  struct Reading {
    private var listed: [RowChange] = []
    private var kept: KeptChanges?

    init(of bytes: [UInt8]) {
      if bytes.count > SyncLimits.smallChangeSetBytes, bytes.count <= UInt32.max {
        kept = KeptChanges(bytes)
      }
    }

    mutating func add(_ message: WireReader) throws(WireError) {
      if kept == nil {
        listed.append(try RowChange(reading: message))
      } else {
        try kept?.add(message)
      }
    }

    var changes: RowChanges { kept.map { RowChanges($0) } ?? RowChanges(listed) }
  }
}

extension RowChange {
  /// Whether it holds a number that is none: a database keeps nothing in its place, and of a key that
  /// holds one nobody finds the row again.
  package var holdsNoNumber: Bool {
    key.values.contains(where: \.isNoNumber) || fields.contains { $0.after.isNoNumber }
  }
}

extension Value {
  fileprivate var isNoNumber: Bool {
    if case .real(let real) = self { real.isNaN } else { false }
  }
}
