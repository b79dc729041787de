import Foundation

/// Messages in the order in which they went, kept in files so that what the rows are is not held twice.
final class Tape {
  private let folder: TemporaryFolder
  private(set) var count = 0

  init() throws { folder = try TemporaryFolder() }

  func append(_ message: [UInt8]) throws {
    try Data(message).write(to: place(of: count))
    count += 1
  }

  /// The message that went as the given one, counted from nought.
  func message(_ index: Int) throws -> [UInt8] { Array(try Data(contentsOf: place(of: index))) }

  /// Shows every message.
  func each(_ body: ([UInt8]) throws -> Void) throws {
    for index in 0..<count { try body(try message(index)) }
  }

  private func place(of index: Int) -> URL { URL(fileURLWithPath: folder.file("\(index)")) }
}
