import Dispatch
import Foundation

/// A folder of its own for one run, gone when the run is over.
final class TemporaryFolder {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      Self.prefix + UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// How the names of this process's folders begin.
  private static let prefix = "thuan-bench-\(ProcessInfo.processInfo.processIdentifier)-"

  /// Removes what is left of this process's.
  static func removeAll() {
    let parent = FileManager.default.temporaryDirectory
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    for name in names where name.hasPrefix(prefix) {
      try? FileManager.default.removeItem(at: parent.appendingPathComponent(name))
    }
  }

  /// Has whoever stops the benchmark find no gigabytes left behind.
  ///
  /// - Returns: What has to be kept for as long as that is to hold.
  static func removeAllWhenStopped() -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        removeAll()
        exit(128 + number)
      }
      source.resume()
      return source
    }
  }
}
