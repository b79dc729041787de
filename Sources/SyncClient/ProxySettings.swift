import Foundation

/// A proxy that requests go through.
package struct WebProxy: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    case http, socks
  }

  package let kind: Kind
  package let host: String
  package let port: Int
  package let user: String
  package let password: String

  /// As people know it; without what signs in there.
  package var name: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Reads a setting: an address, or a host and a port.
  ///
  /// - Returns: Nothing if it makes no sense, or is a proxy of a kind that is not spoken here.
  init?(_ setting: String) {
    let text = setting.contains("://") ? setting : "http://\(setting)"
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
      return nil
    }
    switch parts.scheme?.lowercased() {
    case "http": (kind, port) = (.http, parts.port ?? 1080)
    case "socks5", "socks5h": (kind, port) = (.socks, parts.port ?? 1080)
    default: return nil
    }
    guard 1...65_535 ~= port else { return nil }
    self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    user = parts.user ?? ""
    password = parts.password ?? ""
  }
}

/// Through which proxies requests go, by the variables that curl and most other programs know.
package struct ProxySettings: Sendable {
  /// Straight to every hub.
  package static let none = ProxySettings(environment: [:])

  private let http: Setting?
  private let https: Setting?
  private let exceptions: [Exception]

  private struct Setting: Sendable {
    let variable: String
    let text: String
  }

  /// Reads `http_proxy`, `https_proxy` and `no_proxy`, in small letters or else in capitals.
  ///
  /// Where a web server runs programs for whoever asks (CGI), `HTTP_PROXY` is what the asking one sent as
  /// the header `Proxy`; it is not heeded there.
  package init(environment: [String: String]) {
    func setting(_ name: String) -> Setting? {
      let isStrangers = name == "http_proxy" && environment["REQUEST_METHOD"] != nil
      for variable in isStrangers ? [name] : [name, name.uppercased()] {
        guard let text = environment[variable] else { continue }
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        return trimmed.isEmpty ? nil : Setting(variable: variable, text: trimmed)
      }
      return nil
    }
    http = setting("http_proxy")
    https = setting("https_proxy")
    let words = setting("no_proxy")?.text.split { $0 == "," || $0.isWhitespace } ?? []
    exceptions = words.compactMap { Exception($0) }
  }

  /// The proxy for a hub; nothing if requests go straight to it.
  ///
  /// As with curl, the machine itself is no exception unless `no_proxy` says so.
  ///
  /// - Throws: ``HubUnavailable/proxy(_:)`` if the variable makes no sense.
  package func proxy(for address: HubAddress) throws(HubUnavailable) -> WebProxy? {
    guard let setting = address.isEncrypted ? https : http,
      !exceptions.contains(where: { $0.fits(address) })
    else { return nil }
    guard let proxy = WebProxy(setting.text) else {
      throw .proxy(.unusable(variable: setting.variable))
    }
    return proxy
  }
}

/// One word of `no_proxy`.
private struct Exception: Sendable {
  private enum Place: Sendable {
    case everything
    /// A name, and all names within it.
    case domain(String)
    /// The first so many bits of an address.
    case network([UInt8], bits: Int)
  }

  private let place: Place
  private let port: Int?

  init?(_ word: Substring) {
    var name = word.lowercased()
    var port: Int?
    if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
      port =
        name[name.index(after: end)...].dropFirst().isEmpty
        ? nil : Int(name[name.index(after: end)...].dropFirst())
      name = String(name[name.index(after: name.startIndex)..<end])
    } else if name.count(where: { $0 == ":" }) == 1, let colon = name.firstIndex(of: ":") {
      guard let number = Int(name[name.index(after: colon)...]) else { return nil }
      port = number
      name = String(name[..<colon])
    }
    self.port = port
    let parts = name.split(separator: "/", maxSplits: 1)
    if name == "*" {
      place = .everything
    } else if let address = parts.first.flatMap({ addressBytes(String($0)) }) {
      let bits = parts.count == 2 ? Int(parts[1]) : 8 * address.count
      guard let bits, 0...(8 * address.count) ~= bits else { return nil }
      place = .network(address, bits: bits)
    } else {
      let domain = name.drop { $0 == "*" || $0 == "." }.trimmingSuffix { $0 == "." }
      if domain.isEmpty { return nil }
      place = .domain(String(domain))
    }
  }

  func fits(_ address: HubAddress) -> Bool {
    if let port, port != address.port { return false }
    switch place {
    case .everything: return true
    case .domain(let domain):
      let host = address.host.trimmingSuffix { $0 == "." }
      return host == domain || host.hasSuffix(".\(domain)")
    case .network(let network, let bits):
      guard let own = addressBytes(address.host), own.count == network.count else { return false }
      return (0..<bits).allSatisfy { bit in
        (own[bit / 8] ^ network[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
      }
    }
  }
}

extension StringProtocol {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> SubSequence {
    var rest = self[...]
    while let last = rest.last, isTrimmed(last) { rest = rest.dropLast() }
    return rest
  }
}

/// The bytes of an address of either version of the Internet Protocol; nothing for a name.
private func addressBytes(_ text: String) -> [UInt8]? {
  for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
    var bytes = [UInt8](repeating: 0, count: count)
    if unsafe inet_pton(family, text, &bytes) == 1 { return bytes }
  }
  return nil
}
