import SyncCore
import SyncDevice
import SyncSQLite

/// A scene of a ``Rehearsal``, played to a hub of its own.
final class Reception {
  private let scene: Rehearsal.Scene
  private let changeSets: Int
  private let folder: TemporaryFolder
  private let province: Province
  private var watch = Stopwatch()
  private var receipts = 0

  /// Prepares the hub in the state in which the scene begins.
  ///
  /// - Parameters:
  ///   - scene: What comes.
  ///   - workload: Of what that is made: each session and its recommendations came in one change set.
  /// - Throws: The errors of copying and opening.
  init(_ scene: Rehearsal.Scene, of workload: Workload) throws {
    self.scene = scene
    changeSets = workload.groups.count
    folder = try TemporaryFolder()
    let path = folder.file("hub.db")
    try DatabaseFile(scene.hub).copy(to: DatabaseFile(path))
    province = try Province(hubAt: path)
  }

  /// The taking in of every envelope; only the hub's part is timed.
  var parts: [() throws -> Void] {
    (0..<scene.envelopes.count).map { index in
      { [self] in
        let request = SyncRequest.push(try scene.envelopes.message(index))
        let signed = try province.sign(request, by: scene.device)
        let answer = try watch.time { try province.answer(request, signed) }
        let reply = try PushReply(decoding: answer)
        receipts += reply.receipts.count { $0.disposition != .quarantined }
      }
    }
  }

  /// What it took.
  ///
  /// - Returns: Seconds.
  /// - Throws: ``BenchError/wrongResult(_:)`` if the hub did not take in all of it, or made something
  ///   else of it.
  func seconds() throws -> Double {
    try expect("change sets taken in", receipts, changeSets)
    try expect("the hub's rows", try province.content(), scene.after)
    let kept = Content(rows: scene.after.rows, digests: try province.digests())
    try expect("the hub's digests", kept, scene.after)
    try expect("questions to the operator", try province.openConflicts(), scene.conflicts)
    return watch.seconds
  }

  /// Plays a whole scene.
  static func seconds(_ scene: Rehearsal.Scene, of workload: Workload) throws -> Double {
    let reception = try Reception(scene, of: workload)
    for part in reception.parts { try part() }
    return try reception.seconds()
  }
}
