import Foundation
import SyncClient
import SyncCore
import SyncDevice
import Testing

/// Proxies that a machine is set to go through.
struct ProxyTests {
  private func proxy(_ address: String, _ environment: [String: String]) throws -> String? {
    try ProxySettings(environment: environment).proxy(for: HubAddress(address))?.name
  }

  @Test func `the variables are read as other programs read them`() throws {
    let both = ["http_proxy": "http://a:1", "https_proxy": "b:2"]
    #expect(try proxy("http://hub.vn", both) == "a:1")
    #expect(try proxy("https://hub.vn", both) == "b:2")
    #expect(try proxy("https://hub.vn", ["http_proxy": "a:1"]) == nil)
    #expect(try proxy("https://hub.vn", ["HTTPS_PROXY": "http://a"]) == "a:1080")
    #expect(try proxy("https://hub.vn", ["https_proxy": "", "HTTPS_PROXY": "a:1"]) == nil)
    #expect(try proxy("http://hub.vn", ["HTTP_PROXY": "a:1"]) == "a:1")
    // What a stranger has sent to a web server as the header `Proxy`.
    #expect(try proxy("http://hub.vn", ["HTTP_PROXY": "a:1", "REQUEST_METHOD": "GET"]) == nil)
    #expect(try proxy("https://hub.vn", ["https_proxy": "socks5h://a:1"]) == "a:1")
    for wrong in ["https://a:1", "ftp://a", "http://", "a:99999", "http://a b"] {
      #expect(throws: HubUnavailable.proxy(.unusable(variable: "https_proxy"))) {
        try proxy("https://hub.vn", ["https_proxy": wrong])
      }
    }
  }

  @Test(arguments: [
    ("*", true), ("hub.vn", true), (".hub.vn", true), ("*.hub.vn", true), ("HUB.vn.", true),
    ("vn", true), ("ub.vn", false), ("other.vn, hub.vn", true), ("other.vn hub.vn", true),
    ("hub.vn:8443", true), ("hub.vn:443", false), ("", false), ("10.0.0.0/8", false),
  ])
  func `names are excepted with all within them`(exceptions: String, isExcepted: Bool) throws {
    let environment = ["https_proxy": "a:1", "no_proxy": exceptions]
    #expect(try (proxy("https://Sync.hub.vn:8443/x", environment) == nil) == isExcepted)
  }

  @Test(arguments: [
    ("127.0.0.1", "http://127.0.0.1:8080", true), ("127.0.0.2", "http://127.0.0.1", false),
    ("10.0.0.0/8", "http://10.20.30.40", true), ("10.0.0.0/12", "http://10.20.30.40", false),
    ("10.16.0.0/12", "http://10.20.30.40", true), ("localhost", "http://127.0.0.1", false),
    ("[::1]:80", "http://[::1]", true), ("::1", "http://[::1]:81", true),
    ("fd00::/8", "http://[fd12::1]", true), ("fd00::/8", "http://[fe80::1]", false),
    ("0.0.0.0/0", "http://1.2.3.4", true), ("10.0.0.0/33", "http://10.0.0.1", false),
  ])
  func `addresses are excepted by network`(exception: String, address: String, isExcepted: Bool)
    throws
  {
    let environment = ["http_proxy": "a:1", "NO_PROXY": exception]
    #expect(try (proxy(address, environment) == nil) == isExcepted)
  }

  private func settings(_ proxy: ForwardProxy, _ more: [String: String] = [:]) -> ProxySettings {
    let address = "http://127.0.0.1:\(proxy.port)"
    return ProxySettings(
      environment: ["http_proxy": address, "https_proxy": address].merging(more) { $1 })
  }

  @Test func `a sync goes through the proxy, this machine's own hub included`() async throws {
    try await TestHub.run { hub in
      try await ForwardProxy.run { proxy in
        var lan = try await hub.device("lan")
        lan.client = try HubClient(
          HubAddress(hub.address), through: settings(proxy), timeouts: .short)
        try lan.add("p1")
        try await lan.sync()
        #expect(try lan.status().isInStep)
        #expect(proxy.requests.contains("POST \(hub.address)/v1/change-sets HTTP/1.1"))
        let asked = proxy.requests.count
        lan.client = try HubClient(
          HubAddress(hub.address), through: settings(proxy, ["no_proxy": "127.0.0.0/8"]),
          timeouts: .short)
        try await lan.sync()
        #expect(proxy.requests.count == asked)
      }
    }
  }

  @Test func `a proxy that wants a password says so, and gets it`() async throws {
    try await TestHub.run { hub in
      try await ForwardProxy.run(credentials: Data("lan:m@t".utf8).base64EncodedString()) { proxy in
        var lan = try await hub.device("lan")
        lan.client = try HubClient(
          HubAddress(hub.address), through: settings(proxy), timeouts: .short)
        #expect(await unavailable { try await lan.sync() } == .proxy(.wantsPassword))
        let known = ["http_proxy": "http://lan:m%40t@127.0.0.1:\(proxy.port)"]
        lan.client = try HubClient(
          HubAddress(hub.address), through: settings(proxy, known), timeouts: .short)
        try await lan.sync()
        #expect(try lan.status().isInStep)
      }
    }
  }

  @Test func `a proxy that is not there is not taken for the hub`() async throws {
    try await TestHub.run { hub in
      var lan = try await hub.device("lan")
      let settings = ProxySettings(environment: ["http_proxy": "127.0.0.1:1"])
      lan.client = try HubClient(HubAddress(hub.address), through: settings, timeouts: .short)
      guard
        case .proxy(.unreachable("127.0.0.1:1", _)) = await unavailable({ try await lan.sync() })
      else {
        Issue.record("not the proxy's")
        return
      }
    }
  }

  @Test func `the program goes through the proxy that its environment names`() async throws {
    let programs = try Programs()
    try programs.prepare(devices: [])
    try await ForwardProxy.run { proxy in
      let variables = ["http_proxy": "http://127.0.0.1:\(proxy.port)"]
      let enrolled = try await programs.runBeside(
        "thuan",
        ["enrol", programs.url, programs.code(for: "an"), "--store", programs.store("an")],
        variables: variables)
      #expect(enrolled.code == 0, "\(enrolled.errors)")
      let sync = try await programs.runBeside(
        "thuan", ["sync", "--store", programs.store("an")], variables: variables)
      #expect(sync.code == 0, "\(sync.errors)")
      #expect(proxy.requests.contains("POST \(programs.url)/v1/changes HTTP/1.1"))
    }
    let refused = try programs.run(
      "thuan", ["sync", "--store", programs.store("an"), "--lang", "en"],
      variables: ["http_proxy": "http://127.0.0.1:1"])
    #expect(refused.code == 69)
    #expect(refused.errors.contains("The proxy 127.0.0.1:1 cannot be reached"), "\(refused.errors)")
  }
}
