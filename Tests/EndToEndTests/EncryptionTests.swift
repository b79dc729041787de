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
    let client = HubClient(try HubAddress("https://localhost:\(port)"), timeouts: .short)
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

  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzHJ5TS6S6Cy541cL
    mBwlT0dR6WVZ0Eom3JjO6We+xQahRANCAAT2GWM7JDX3gaO//KMDeUYyq0qL4XQ8
    CG9mO92Z90unpOeNWqNej2d0v1xiZWmBn+Y3W8/4OVEqJVXpfY3fBndh
    -----END PRIVATE KEY-----
    """
}
