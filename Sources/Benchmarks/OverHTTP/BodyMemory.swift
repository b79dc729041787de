import SyncClient
import SyncCore
import SyncDevice

/// One transaction that comes in, after what had to be there before.
struct Body {
  let name: String
  var before: [Operation] = []
  let operations: [Operation]
  /// How many rows the hub holds then.
  let rows: Int

  /// Transactions of every kind that take much: one text, and many rows that are made, changed and deleted.
  static func all(_ workload: Workload) -> [Body] {
    let rows = workload.rows
    let insertions = rows.map(\.insertion)
    let bare = bareRows(4 * rows.count)
    let updates = rows.enumerated().map { index, row in
      Operation(row.kind.updateFirst, [.text("edited \(index)"), row.values[0]])
    }
    let deletions = rows.reversed().map { Operation($0.kind.delete, [$0.values[0]]) }
    return [
      Body(name: "text", operations: largeText(workload), rows: 1),
      Body(name: "rows", operations: insertions, rows: rows.count),
      Body(name: "bare_rows", operations: bare, rows: bare.count),
      Body(name: "updates", before: insertions, operations: updates, rows: rows.count),
      Body(name: "deletions", before: insertions, operations: deletions, rows: 0),
    ]
  }

  /// A row with a text of sixteen mebibytes, in which hardly anything comes again.
  private static func largeText(_ workload: Workload) -> [Operation] {
    guard let row = workload.rows.first else { return [] }
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<(12 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
    var values = row.values
    values[row.kind.edited.first] = .text(Base64URL.text(bytes))
    return [Operation(row.kind.insert, values)]
  }

  /// Rows with hardly anything in them.
  private static func bareRows(_ count: Int) -> [Operation] {
    (0..<count).map { number in
      Operation(
        "INSERT INTO session (id, number) VALUES (?, ?)",
        [
          .text("s\(number)"), .integer(Int64(number)),
        ])
    }
  }

  /// By how many bytes the hub grows at most while it takes the transaction in, and how many bytes that has.
  func memory() async throws -> (added: Double, bytes: Double) {
    let folder = try TemporaryFolder()
    let path = folder.file("hub.db")
    let device = try OwnDevice(
      CountryHub(path: path, .whole).identity(1), .whole, path: folder.file("device.db"))
    let former = try HTTPHub(path: path)
    if !before.isEmpty { try device.write(before) }
    try await device.sync(former.client())
    try former.worker.end()
    try device.write(operations)
    guard
      let envelope = try device.store.nextEnvelope(
        identity: device.identity, wallMilliseconds: now())
    else { throw BenchError.wrongResult("nothing to send") }
    let hub = try HTTPHub(path: path)
    let client = try hub.client()
    let added = try await added(to: hub.worker) {
      _ = try await client.perform(.push(envelope), as: device.identity)
    }
    try await device.sync(client)
    try hub.end(holding: rows)
    let bytes = try Envelope(decoding: envelope).changeSets.reduce(0) { $0 + $1.count }
    return (added * ProcessMemory.mebibyte, Double(bytes))
  }
}

/// How often its bytes the hub holds at most while it takes each kind of transaction in.
func bodyFigures(_ workload: Workload) async throws -> [Figure] {
  var figures: [Figure] = []
  for body in Body.all(workload) {
    let (added, bytes) = try await body.memory()
    figures.append(Figure("memory/hub/body/\(body.name)", .ratio, [added / bytes]))
  }
  return figures
}
