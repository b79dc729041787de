import SyncCore
import SyncDevice
import SyncSQLite

/// A life of the workload, lived once before anything is timed: what devices and hub said in it is kept,
/// and so are the files in the states in which timed parts begin.
///
/// One device writes all rows, a session and its recommendations in one go, and pushes them. Another
/// pulls them. Then both change every row, neither knowing of the other.
final class Rehearsal {
  /// What a hub is given, in what state, and what has to become of it.
  struct Scene {
    let hub: String
    let device: DeviceIdentity
    var envelopes: Tape
    var after: Content
    /// Fields about which the operator has to be asked.
    var conflicts: Int
  }

  let workload: Workload
  /// What the hub answers to a device that has nothing yet.
  let pages: Tape
  /// The first scene: all rows are new.
  let inserts: Scene
  /// How many rows each envelope of it brought.
  private let rowsInEnvelopes: [Int]
  private let folder: TemporaryFolder
  private let editor: DeviceIdentity
  private let writer: DeviceIdentity
  private var edits: (merging: Scene, conflicting: Scene)?

  /// Of so many rows one is changed in the same field by both devices.
  private static let conflictEvery = 10

  init(_ workload: Workload) throws {
    self.workload = workload
    folder = try TemporaryFolder()
    let content = try workload.content()
    let (empty, filled) = (folder.file("empty.db"), folder.file("filled.db"))
    (writer, editor) = try Self.enrolTwo(hubAt: empty)
    try DatabaseFile(empty).copy(to: DatabaseFile(filled))
    let province = try Province(hubAt: filled)
    let device = try province.device(
      writer, storeAt: folder.file("writer.db"), isDurable: false)
    try device.store.run(workload.insertsByGroup())
    let envelopes = try Tape()
    var rows: [Int] = []
    try province.synchronise(device, directions: .push) { request, answer in
      try envelopes.append(request.body)
      let taken = try PushReply(decoding: answer).receipts.count
      let changeSets = try Envelope(decoding: request.body).changeSets.prefix(taken)
      rows.append(
        try changeSets.reduce(0) { $0 + (try ChangeSet(decoding: $1).changes.count) })
    }
    rowsInEnvelopes = rows
    inserts = Scene(
      hub: empty, device: writer, envelopes: envelopes, after: content, conflicts: 0)
    pages = try Tape()
    let reader = try province.device(
      editor, storeAt: folder.file("editor.db"), isDurable: false)
    try province.synchronise(reader, directions: .pull) { [pages] _, answer in
      try pages.append(answer)
    }
    try expect("rows of the first pull", try reader.store.keptContent(), content)
  }

  private static func enrolTwo(hubAt path: String) throws -> (DeviceIdentity, DeviceIdentity) {
    let province = try Province(hubAt: path)
    return (try province.enrol(1), try province.enrol(2))
  }

  // MARK: What both sides are timed with

  /// The workload's inserts in as many transactions as there are envelopes, of the same rows each.
  func insertsByEnvelope() -> [ArraySlice<Operation>] {
    let inserts = workload.operations(of: .insert)
    var start = 0
    return rowsInEnvelopes.map { count in
      defer { start += count }
      return inserts[start..<start + count]
    }
  }

  /// What it takes a new device to write the hub's whole state.
  ///
  /// - Throws: What the store throws; ``BenchError/wrongResult(_:)`` if it is not in step afterwards.
  func secondsToApply() throws -> Double {
    let folder = try TemporaryFolder()
    let store = try openStore(folder.file("device.db"))
    try store.enrol(editor, officer: "officer", epoch: 1, wallMilliseconds: Province.start)
    var watch = Stopwatch()
    try pages.each { page in
      _ = try watch.time {
        try store.receive(
          page: page, for: store.nextPull(), wallMilliseconds: Province.start)
      }
    }
    let status = try store.status(wallMilliseconds: Province.start)
    try expect("the device is in step", status.isInStep, true)
    try expect("the device's digests", try store.keptContent(), inserts.after)
    try expect("the device's rows", try store.read { try $0.content() }, inserts.after)
    return watch.seconds
  }

  /// A province in which the second device holds all rows, to go on from there.
  ///
  /// - Parameter folder: Where its files are to be.
  /// - Returns: The hub and the device.
  /// - Throws: The errors of copying and opening.
  func goOn(in folder: TemporaryFolder) throws -> (Province, Province.Device) {
    for name in ["filled.db", "editor.db"] {
      try DatabaseFile(self.folder.file(name)).copy(to: DatabaseFile(folder.file(name)))
    }
    let store = try openStore(folder.file("editor.db"), isDurable: false)
    return (
      try Province(hubAt: folder.file("filled.db")),
      Province.Device(store: store, identity: editor)
    )
  }

  // MARK: Edits at the same time

  /// Scenes in which the second device has changed every row that the first one has changed as well:
  /// another field of each, or the same field of one in ten.
  func concurrentEdits() throws -> (merging: Scene, conflicting: Scene) {
    if let edits { return edits }
    let edited = folder.file("edited.db")
    try DatabaseFile(folder.file("filled.db")).copy(to: DatabaseFile(edited))
    try editAsWriter(hubAt: edited)
    let scenes = (
      merging: try editAsEditor(hubAt: edited, every: nil),
      conflicting: try editAsEditor(hubAt: edited, every: Self.conflictEvery)
    )
    edits = scenes
    return scenes
  }

  private func editAsWriter(hubAt path: String) throws {
    let province = try Province(hubAt: path)
    let store = try openStore(folder.file("writer.db"), isDurable: false)
    let edits = workload.rows.indices.map { index in
      Operation(
        workload.rows[index].kind.updateFirst, [Self.firstEdit(index), workload.rows[index].id])
    }
    try store.run(workload.groups.map { edits[$0] })
    try province.synchronise(Province.Device(store: store, identity: writer), directions: .push)
  }

  private func editAsEditor(hubAt path: String, every conflict: Int?) throws -> Scene {
    func isConflict(_ index: Int) -> Bool { conflict.map { index.isMultiple(of: $0) } ?? false }
    let folder = try TemporaryFolder()
    try DatabaseFile(path).copy(to: DatabaseFile(folder.file("hub.db")))
    try DatabaseFile(self.folder.file("editor.db")).copy(
      to: DatabaseFile(folder.file("editor.db")))
    let store = try openStore(folder.file("editor.db"), isDurable: false)
    let edits = workload.rows.indices.map { index in
      let (table, value) = (workload.rows[index].kind, Self.secondEdit(index))
      return Operation(
        isConflict(index) ? table.updateFirst : table.updateSecond,
        [value, workload.rows[index].id])
    }
    try store.run(workload.groups.map { edits[$0] })
    let province = try Province(hubAt: folder.file("hub.db"))
    let envelopes = try Tape()
    let device = Province.Device(store: store, identity: editor)
    try province.synchronise(device, directions: .push) { request, _ in
      try envelopes.append(request.body)
    }
    let after = try workload.content { index, values in
      let table = workload.rows[index].kind
      // Where both changed a field, the hub keeps the first word until the operator decides.
      values[table.edited.first] = Self.firstEdit(index)
      if !isConflict(index) { values[table.edited.second] = Self.secondEdit(index) }
      return true
    }
    return Scene(
      hub: path, device: editor, envelopes: envelopes, after: after,
      conflicts: workload.rows.indices.count(where: isConflict))
  }

  private static func firstEdit(_ index: Int) -> Value { .text("Ủy ban xã số \(index % 97)") }
  private static func secondEdit(_ index: Int) -> Value { .text("Thôn \(index % 89)") }
}
