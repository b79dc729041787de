import Foundation
import GRDB
import HubServer
import Logging
import SyncClient
import SyncCore
import SyncDevice
import Synchronization

/// What this program can be in a process of its own; see ``Worker``.
enum Role: String {
  /// The real server over a hub's file: PATH DIVISION.
  case hub
  /// A device: STORE DIVISION ADDRESS.
  case device

  static let option = "--role"

  /// Plays the role that the arguments name, until the standard input ends.
  ///
  /// - Parameter arguments: What stood on the command line.
  /// - Returns: Whether there was a role among them.
  /// - Throws: What the role throws.
  static func play(_ arguments: [String]) async throws -> Bool {
    guard arguments.first == option else { return false }
    guard arguments.count > 3, let role = Role(rawValue: arguments[1]),
      let division = CountryHub.Division(rawValue: arguments[3])
    else { throw BenchError.usage("no such role") }
    allowManyFiles()
    switch role {
    case .hub: try await serve(arguments[2], division)
    case .device: try await beDevice(arguments[2], division, arguments.last ?? "")
    }
    return true
  }

  private static func serve(_ path: String, _ division: CountryHub.Division) async throws {
    let counts = RequestCounts()
    let server = HubServer(
      hub: try CountryHub(path: path, division).hub, configuration: .init(port: 0),
      logger: Logger(label: "hub") { _ in RequestLog(counts: counts) },
      onRunning: { port in say([Double(port)]) })
    // Answers come while the server is busy, so from a thread of their own.
    Thread.detachNewThread {
      while let line = readLine() {
        switch Question(rawValue: line) {
        case .work: say(counts.words + [processorSeconds()])
        case let question: answer(question)
        }
      }
      exit(0)
    }
    try await server.run(stopsOnSignals: false)
  }

  private static func beDevice(
    _ path: String, _ division: CountryHub.Division, _ address: String
  ) async throws {
    guard let identity = try DeviceIdentity.load(besideStore: path) else {
      throw BenchError.wrongResult("a device without an identity")
    }
    let device = try OwnDevice(identity, division, path: path)
    let client = try HubClient(try HubAddress(address))
    say([])
    while let line = readLine() {
      switch Question(rawValue: line) {
      case .sync:
        let progress = try await device.sync(client)
        say([Double(progress.received), Double(progress.sent)])
      case let question: answer(question)
      }
    }
  }

  private static func answer(_ question: Question?) {
    switch question {
    case .memory:
      let memory = ProcessMemory.ofThisProcess()
      say([memory.held, memory.most])
    case .forget:
      ProcessMemory.forgetTheMost()
      say([])
    default: say([])
    }
  }

  private static func say(_ words: [Double]) {
    let line = words.map { "\($0)" }.joined(separator: " ") + "\n"
    FileHandle.standardOutput.write(Data(line.utf8))
  }

  private static func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}

/// Lets this process hold as many connections and files as the system grants it.
func allowManyFiles() {
  #if canImport(Darwin)
  let kind = RLIMIT_NOFILE
  #else
  let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #endif
  var limit = rlimit()
  guard unsafe getrlimit(kind, &limit) == 0 else { return }
  limit.rlim_cur = min(limit.rlim_max, 65_536)
  _ = unsafe setrlimit(kind, &limit)
}

extension ProcessMemory {
  /// What the system says of this process.
  static func ofThisProcess() -> ProcessMemory {
    #if canImport(Darwin)
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF, &usage)
    let most = Double(usage.ru_maxrss)
    return ProcessMemory(held: most, most: most)
    #else
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    func bytes(_ name: String) -> Double {
      let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      return
        (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
        ?? .nan) * 1024
    }
    return ProcessMemory(held: bytes("VmRSS"), most: bytes("VmHWM"))
    #endif
  }

  /// Takes what is held now for the most; where the system cannot, the most is since the beginning.
  static func forgetTheMost() {
    #if os(Linux)
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    #endif
  }
}

// MARK: Counting requests

/// How many requests the server has answered, and how.
private final class RequestCounts: Sendable {
  private let counts = Mutex((all: 0, refused: 0, failed: 0))

  /// Takes a line that the server logs: `POST /v1/changes 200`.
  func add(_ line: String) {
    let status = line.split(separator: " ").last.flatMap { Int($0) } ?? 0
    counts.withLock { counts in
      counts.all += 1
      // What makes a device wait and come again is the server's failure, whosever fault it is.
      if status >= 500 || status == 429 {
        counts.failed += 1
      } else if status != 200 {
        counts.refused += 1
      }
    }
  }

  var words: [Double] {
    counts.withLock { [Double($0.all), Double($0.refused), Double($0.failed)] }
  }
}

/// Takes what the server logs of its requests, and passes on what went wrong.
private struct RequestLog: LogHandler {
  let counts: RequestCounts
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if event.level > .info {
      let details = event.metadata.map { "\($0)" } ?? ""
      FileHandle.standardError.write(Data("hub: \(event.message) \(details)\n".utf8))
    } else {
      counts.add("\(event.message)")
    }
  }
}
