import Foundation

/// Where a hub is: an `http` or `https` address, with or without a path before the API's own.
package struct HubAddress: Equatable, Sendable, CustomStringConvertible {
  /// The address without a slash at its end, as it is kept in the device's identity.
  package let description: String
  package let isEncrypted: Bool
  /// The host in small letters; an address of the Internet Protocol without brackets.
  let host: String
  let port: Int
  /// What stands before the API's own paths; empty, or beginning with a slash.
  let path: String

  /// Checks an address as a person typed it.
  ///
  /// - Parameter text: Such as `https://hub.example.vn` or `http://192.168.1.5:8080/`.
  /// - Throws: ``HubAddressError`` with what is wrong.
  package init(_ text: String) throws(HubAddressError) {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let parts = URLComponents(string: trimmed), let scheme = parts.scheme?.lowercased() else {
      throw .notAnAddress
    }
    guard scheme == "https" || scheme == "http" else { throw .unsupportedScheme(scheme) }
    guard let host = parts.host, !host.isEmpty else { throw .noHost }
    guard parts.query == nil, parts.fragment == nil, parts.user == nil, parts.password == nil else {
      throw .hasExtras
    }
    if let port = parts.port, !(1...65_535 ~= port) { throw .notAnAddress }
    var canonical = parts
    canonical.scheme = scheme
    while canonical.path.hasSuffix("/") { canonical.path.removeLast() }
    guard let url = canonical.string else { throw .notAnAddress }
    description = url
    isEncrypted = scheme == "https"
    self.host = host.lowercased().trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    port = parts.port ?? (isEncrypted ? 443 : 80)
    path = canonical.percentEncodedPath
  }

  /// Scheme, host and port, as an address begins.
  var origin: String { String(description.dropLast(path.utf8.count)) }

  /// Whether it is the same place, however it is spelled.
  func isSamePlace(as other: HubAddress) -> Bool {
    (isEncrypted, host, port, path) == (other.isEncrypted, other.host, other.port, other.path)
  }

  /// The same place, spoken to in the other of `http` and `https`.
  var inOtherScheme: HubAddress? {
    let shownHost = host.contains(":") ? "[\(host)]" : host
    return try? HubAddress("\(isEncrypted ? "http" : "https")://\(shownHost):\(port)\(path)")
  }
}

/// What can be wrong with a hub's address.
package enum HubAddressError: Error, Equatable, Sendable {
  case notAnAddress
  /// Neither `http` nor `https`.
  case unsupportedScheme(String)
  case noHost
  /// A query, a fragment, a user name or a password.
  case hasExtras
}
