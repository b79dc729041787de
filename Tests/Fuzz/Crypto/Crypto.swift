/// Stands in for the package that the core takes its hash from.
///
/// No decoder hashes or proves, so the fuzzer can be built by the compiler alone, without any
/// dependency.
public enum SHA256 {
  public static func hash(data: [UInt8]) -> [UInt8] { Array(data.prefix(32)) }
}

public struct SymmetricKey {
  let data: [UInt8]
  public init(data: [UInt8]) { self.data = data }
}

public enum HMAC<Hash> {
  public static func authenticationCode(for data: [UInt8], using key: SymmetricKey) -> [UInt8] {
    Array((key.data + data).prefix(32))
  }

  public static func isValidAuthenticationCode(
    _ code: [UInt8], authenticating data: [UInt8], using key: SymmetricKey
  ) -> Bool { code == authenticationCode(for: data, using: key) }
}
