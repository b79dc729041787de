/// Stands in for the package that the core takes its hash from.
///
/// No decoder hashes, so the fuzzer can be built by the compiler alone, without any dependency.
public enum SHA256 {
  public static func hash(data: [UInt8]) -> [UInt8] { Array(data.prefix(32)) }
}
