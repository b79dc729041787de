import Foundation

/// This program in a process of its own, in a hidden role: what it takes can be told from what the
/// benchmark itself takes.
///
/// It is asked by lines on its standard input, and ends when that ends: so it never outlives whoever
/// started it.
final class Worker {
  private let process = Process()
  private let questions = Pipe()
  private let answers = Pipe()
  private var unread: [UInt8] = []

  /// Starts the program and waits until it says what it is ready for.
  ///
  /// - Parameters:
  ///   - role: What it is to be.
  ///   - arguments: What the role wants to know.
  ///   - cores: On how many processors it may run; nothing for all.
  /// - Throws: `CocoaError` if it cannot be started, ``BenchError/wrongResult(_:)`` if it ends at once.
  init(_ role: Role, _ arguments: [String], cores: Int? = nil) throws {
    var words = [try programFile("Benchmarks").path, Role.option, role.rawValue] + arguments
    if let cores, cores < ProcessInfo.processInfo.activeProcessorCount,
      FileManager.default.isExecutableFile(atPath: Self.bindingProgram)
    {
      words = [Self.bindingProgram, "-c", "0-\(cores - 1)"] + words
    }
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardInput = questions
    process.standardOutput = answers
    try process.run()
  }

  /// Of util-linux, which every Linux system has; elsewhere nothing is bound.
  private static let bindingProgram = "/usr/bin/taskset"

  deinit { process.terminate() }

  /// Asks for something and waits for the answer.
  ///
  /// - Returns: The answer's words.
  /// - Throws: ``BenchError/wrongResult(_:)`` if it has ended.
  func ask(_ question: Question) throws -> [Double] {
    try questions.fileHandleForWriting.write(contentsOf: Data("\(question.rawValue)\n".utf8))
    return try answer()
  }

  /// The next line that it writes.
  func answer() throws -> [Double] {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeSubrange(...end)
        return line.split(separator: " ").compactMap { Double($0) }
      }
      let more = answers.fileHandleForReading.availableData
      guard !more.isEmpty else {
        throw BenchError.wrongResult("a process of the benchmark has ended before its time")
      }
      unread += more
    }
  }

  /// What it holds in memory and has held at most since it was last asked to forget, in bytes.
  func memory() throws -> ProcessMemory {
    let answer = try ask(.memory)
    return ProcessMemory(held: answer[0], most: answer[1])
  }

  /// Ends it and waits for that.
  func end() throws {
    try questions.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

/// What a process holds in memory, in bytes.
struct ProcessMemory {
  let held: Double
  let most: Double

  static let mebibyte = 1_048_576.0
}

/// What a process in a role can be asked.
enum Question: String {
  /// What it holds in memory, and how much that was at most.
  case memory
  /// To take what it holds now for the most.
  case forget
  /// How many requests it has answered, refused and failed at, and seconds of processors.
  case work
  /// To come into step with the hub; how many rows came, and how many change sets went.
  case sync
}
