import Foundation
import Logging
import Terminal

/// The server's log on the error stream: one harmless line for each event.
struct ServerLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.notice

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = Date().formatted(Date.ISO8601FormatStyle(timeZone: .current))
    let details = metadata.merging(event.metadata ?? [:]) { $1 }
      .sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let line = "\(time) \(event.level) \(event.message)\(details)"
    Program.write(line.replacing("\n", with: " "), toErrors: true)
  }
}
