import Foundation

/// Where a program is that is built into the same folder as this one.
///
/// - Parameter name: Its name.
/// - Returns: Its file.
/// - Throws: ``BenchError/usage(_:)`` if it has not been built.
func programFile(_ name: String) throws -> URL {
  // In tests this is the tests' own program, which is built into that folder too.
  let folder = Bundle.main.executableURL?.deletingLastPathComponent()
  guard let file = folder?.appendingPathComponent(name),
    FileManager.default.isExecutableFile(atPath: file.path)
  else { throw BenchError.usage("\(name) is missing: build it as this program was built") }
  return file
}
