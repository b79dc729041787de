import Foundation
import HubServer
import NIOCore
import NIOPosix
import NIOSSL
import SyncClient
import SyncCore
import SyncDevice
import Testing

struct EncryptionTests {
  @Test func `a certificate that nobody vouches for is not trusted`() async throws {
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: [.certificate(.init(bytes: Array(Self.certificate.utf8), format: .pem))],
        privateKey: .privateKey(.init(bytes: Array(Self.key.utf8), format: .pem))))
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    let client = try HubClient(HubAddress("https://localhost:\(port)"), timeouts: .short)
    let failure = await unavailable {
      _ = try await client.enrol(
        code: EnrolmentCode(typed: "c"), label: "l", publicKey: Array(0..<32))
    }
    guard case .untrusted = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.isTransient == false)
    try await server.close()
  }

  /// A hub that encrypts by itself, and a device on its way to it.
  @concurrent
  private func run(
    isPinned: Bool, _ body: @Sendable (TestHub, HubClient) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("thuan-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("certificate.pem").path
    let keyFile = folder.appendingPathComponent("key.pem").path
    try Data(Self.certificate.utf8).write(to: URL(fileURLWithPath: file))
    try Data(Self.key.utf8).write(to: URL(fileURLWithPath: keyFile))
    var configuration = HubServer.Configuration(port: 0)
    configuration.certificate = try HubServer.Certificate(
      file: file, keyFile: keyFile, isPinned: isPinned)
    try await TestHub.run(configuration: configuration) { hub in
      let address = try HubAddress("https://127.0.0.1:\(hub.port)")
      try await body(hub, HubClient(address, timeouts: .short))
    }
  }

  @Test func `a hub that nobody vouches for is known by its code, and by its certificate after`()
    async throws
  {
    try await run(isPinned: true) { hub, client in
      let (store, path) = try hub.store("lan")
      let enrolment = try await enrol(
        store: store, path: path, client: client, code: try hub.code(), label: "x")
      let certificate = try #require(enrolment.identity.certificate)
      #expect(certificate == Self.certificate)
      var lan = TestDevice(
        store: store, identity: enrolment.identity,
        client: try HubClient(
          client.address, trusting: .certificate(certificate), timeouts: .short),
        officer: "lan")
      try lan.add("p1")
      try await lan.sync()
      #expect(try lan.status().isInStep)
      // Somebody else's certificate is not this hub's, whoever vouches for it.
      lan.client = try HubClient(
        client.address, trusting: .certificate(Self.otherCertificate), timeouts: .short)
      guard case .untrusted = await unavailable({ try await lan.sync() }) else {
        Issue.record("another certificate was trusted")
        return
      }
    }
  }

  @Test func `a certificate that neither an authority nor the hub vouches for lets nobody in`()
    async throws
  {
    try await run(isPinned: false) { hub, client in
      let (store, path) = try hub.store("lan")
      let failure = await unavailable {
        _ = try await enrol(
          store: store, path: path, client: client, code: try hub.code(), label: "x")
      }
      guard case .untrusted = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
    }
  }

  @Test func `a key that belongs to another certificate is refused before anybody connects`() throws
  {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("thuan-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = ["certificate.pem", "key.pem"].map { folder.appendingPathComponent($0).path }
    for (certificate, key) in [(Self.otherCertificate, Self.key), ("no PEM", Self.key)] {
      try Data(certificate.utf8).write(to: URL(fileURLWithPath: names[0]))
      try Data(key.utf8).write(to: URL(fileURLWithPath: names[1]))
      #expect(throws: (any Error).self) {
        try HubServer.Certificate(file: names[0], keyFile: names[1], isPinned: true)
      }
    }
  }

  /// Signed by itself, made for this test, good for nothing else.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBnDCCAUGgAwIBAgIUJ54R0Viq81y4uo+RtdIzaAf+CA0wCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDAwMTM1N1oYDzIxMjYxMDMx
    MDAxMzU3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAAT2GWM7JDX3gaO//KMDeUYyq0qL4XQ8CG9mO92Z90unpOeNWqNej2d0
    v1xiZWmBn+Y3W8/4OVEqJVXpfY3fBndho28wbTAdBgNVHQ4EFgQUi8rqHJav9/DA
    a3TPmXr3VjOWihwwHwYDVR0jBBgwFoAUi8rqHJav9/DAa3TPmXr3VjOWihwwDwYD
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
    zj0EAwIDSQAwRgIhAI7CDM1oSgBKticYTyYlqNiThzATFSkC17bPc43pzylpAiEA
    gATTttoNdJ+9gLg+yvu82YNYhWGozioEmPAvks1QE7o=
    -----END CERTIFICATE-----
    """

  private static let otherCertificate = """
    -----BEGIN CERTIFICATE-----
    MIIBnDCCAUGgAwIBAgIUND+kEJwTufAcFCZUKetSbR91ybswCgYIKoZIzj0EAwIw
    FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzAxMDY1M1oYDzIxMjYxMTAz
    MDEwNjUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAASek+bkxRFlHad7Rxhm6UX46peuOnkJzpKeAvuSB7Xi0f8UcJbREOWl
    NBDrzAd+9CHeUdG6Q8BdEmrPnoHzchUwo28wbTAdBgNVHQ4EFgQUbfPKD7GhJ6Ng
    Z3VbskUIrHo55uMwHwYDVR0jBBgwFoAUbfPKD7GhJ6NgZ3VbskUIrHo55uMwDwYD
    VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
    zj0EAwIDSQAwRgIhAMZLj9UpuhCY1VWXYzCDqgfBLuFezQOzmzIVbCjhFrjfAiEA
    g8LlU/t5zzDaasYKOJ8X4NCJZMLO44Eh0HysRqNjHpc=
    -----END CERTIFICATE-----
    """

  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzHJ5TS6S6Cy541cL
    mBwlT0dR6WVZ0Eom3JjO6We+xQahRANCAAT2GWM7JDX3gaO//KMDeUYyq0qL4XQ8
    CG9mO92Z90unpOeNWqNej2d0v1xiZWmBn+Y3W8/4OVEqJVXpfY3fBndh
    -----END PRIVATE KEY-----
    """
}
