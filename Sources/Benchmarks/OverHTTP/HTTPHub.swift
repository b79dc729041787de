import Foundation
import SyncClient

/// The real server in a process of its own, over a file that was filled before.
struct HTTPHub {
  let worker: Worker
  let port: Int
  private let path: String
  private let division: CountryHub.Division

  /// Starts the server.
  ///
  /// - Parameters:
  ///   - path: The hub's file; nobody else has it open.
  ///   - division: Who holds what.
  ///   - cores: On how many processors it may run; nothing for all.
  /// - Throws: As ``Worker``.
  init(path: String, _ division: CountryHub.Division = .whole, cores: Int? = nil) throws {
    self.path = path
    self.division = division
    worker = try Worker(.hub, [path, division.rawValue], cores: cores)
    port = Int(try worker.answer().first ?? 0)
  }

  var address: String { "http://127.0.0.1:\(port)" }

  /// A client with connections of its own, to the server or to a proxy before it.
  func client(port other: Int? = nil) throws -> HubClient {
    try HubClient(try HubAddress("http://127.0.0.1:\(other ?? port)"))
  }

  /// What the server has done so far.
  func work() throws -> Work {
    let answer = try worker.ask(.work)
    return Work(
      requests: answer[0], refused: answer[1], failed: answer[2], processorSeconds: answer[3])
  }

  /// Requests and what they cost.
  struct Work {
    let requests: Double
    /// Answered with a no that tells the device what to do next.
    let refused: Double
    /// Answered so that the device has to come again.
    let failed: Double
    let processorSeconds: Double

    static func - (left: Work, right: Work) -> Work {
      Work(
        requests: left.requests - right.requests, refused: left.refused - right.refused,
        failed: left.failed - right.failed,
        processorSeconds: left.processorSeconds - right.processorSeconds)
    }

    static func + (left: Work, right: Work) -> Work {
      Work(
        requests: left.requests + right.requests, refused: left.refused + right.refused,
        failed: left.failed + right.failed,
        processorSeconds: left.processorSeconds + right.processorSeconds)
    }

    static let none = Work(requests: 0, refused: 0, failed: 0, processorSeconds: 0)
  }

  /// Stops the server, and looks whether its file holds what it should.
  func end(holding rows: Int) throws {
    try worker.end()
    try CountryHub(path: path, division).requireRows(rows)
  }
}
