import Foundation

/// Where a hub is: an `http` or `https` address, with or without a path before the API's own.
package struct HubAddress: Equatable, Sendable, CustomStringConvertible {
  /// The address without a slash at its end, as it is kept in the device's identity.
  package let description: String
  package let isEncrypted: Bool

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
