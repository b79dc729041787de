import Foundation
import GRDB

/// A database file as a whole: looked at, copied, and put in another's place.
package struct DatabaseFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The file that a path leads to, where it is a link, or a link to one: what lies beside a database
  /// belongs to the file, by whatever name it is opened.
  ///
  /// - Parameter path: Of a file that may not be there yet.
  /// - Returns: The same path, if it is no link.
  package static func real(_ path: String) -> String {
    var path = path
    // More links than this no system follows.
    for _ in 0..<40 {
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
        break
      }
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
      path = URL(fileURLWithPath: target, relativeTo: folder).standardizedFileURL.path
    }
    return path
  }

  package var exists: Bool { FileManager.default.fileExists(atPath: path) }

  /// What SQLite keeps beside a file that is in use; a copy by hand may have it, too.
  private static let companions = ["-wal", "-shm", "-journal"]

  /// The names of the tables in it.
  package func tables() throws -> Set<String> {
    try open().read { db in
      Set(try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'"))
    }
  }

  /// What SQLite says is broken in it.
  ///
  /// A row that breaks a CHECK is no damage: the hub's values and pending work on top of them can
  /// do that together.
  package func damage() throws -> [String] {
    try open().read { db in
      try String.fetchAll(db, sql: "PRAGMA integrity_check")
        .filter { $0 != "ok" && !$0.hasPrefix("CHECK constraint failed") }
    }
  }

  /// Copies the file, with what has not been folded into it yet.
  package func copy(to other: DatabaseFile) throws {
    try other.remove()
    try FileManager.default.copyItem(atPath: path, toPath: other.path)
    for suffix in ["-wal", "-journal"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: other.path + suffix)
    }
    // A copy from a read-only medium has to be written to, and is nobody else's to read.
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: other.path)
  }

  /// Removes the file and what belongs to it.
  package func remove() throws {
    for suffix in [""] + Self.companions
    where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.removeItem(atPath: path + suffix)
    }
  }

  /// Makes it one file, all of it on the disk.
  ///
  /// - Throws: `DatabaseError`, as busy if somebody else has it open.
  package func fold() throws {
    try alone {}
    try synchronise(path)
  }

  /// Runs `body` while nobody else has the file open, with all of it in one file.
  package func alone<T>(_ body: () throws -> T) throws -> T {
    try open().writeWithoutTransaction { db in
      // SQLite leaves this mode only for whoever is alone.
      try db.execute(sql: "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
      defer { try? db.execute(sql: "ROLLBACK") }
      return try body()
    }
  }

  /// Gives the file its name, unless there is something of that name already.
  ///
  /// - Throws: `CocoaError`, with `fileWriteFileExists` in that case.
  package func put(atNew target: String) throws {
    try FileManager.default.moveItem(atPath: path, toPath: target)
    try synchronise(URL(fileURLWithPath: target).deletingLastPathComponent().path)
  }

  /// Puts the file in another's place in one step; the other is kept under another name.
  ///
  /// At every moment there is one of the two in that place. Nobody may have the other open.
  package func put(inPlaceOf other: DatabaseFile, keeping aside: String) throws {
    let files = FileManager.default
    if other.exists {
      do { try files.linkItem(atPath: other.path, toPath: aside) } catch {
        // Not every disk has links.
        try files.copyItem(atPath: other.path, toPath: aside)
      }
      for suffix in Self.companions where files.fileExists(atPath: other.path + suffix) {
        try files.moveItem(atPath: other.path + suffix, toPath: aside + suffix)
      }
    }
    guard unsafe rename(path, other.path) == 0 else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: other.path])
    }
    try synchronise(URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }

  /// A name beside the file that says when it was put away, and that is free.
  package func datedName(_ milliseconds: Int64) -> String {
    let parts = Calendar(identifier: .gregorian).dateComponents(
      [.year, .month, .day, .hour, .minute, .second],
      from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    let date = String(
      format: "%04d-%02d-%02d-%02d%02d%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
      parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
    let url = URL(fileURLWithPath: path)
    let stem = url.deletingPathExtension().path + "-" + date
    let ending = url.pathExtension.isEmpty ? "" : "." + url.pathExtension
    var name = stem + ending
    var count = 2
    while FileManager.default.fileExists(atPath: name) {
      name = "\(stem)-\(count)\(ending)"
      count += 1
    }
    return name
  }

  private func open() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(2)
    return try DatabaseQueue(path: path, configuration: configuration)
  }
}

/// Has the disk keep what a file, or a folder's list of names, holds.
private func synchronise(_ path: String) throws {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else {
    throw CocoaError(.fileReadUnknown, userInfo: [NSFilePathErrorKey: path])
  }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else {
    throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
  }
}
