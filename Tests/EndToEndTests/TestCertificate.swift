import Foundation

/// Certificates that nobody but themselves has signed, made for these tests and good for nothing else.
struct TestCertificate: Sendable {
  let text: String
  let key: String

  /// Writes both into a folder.
  ///
  /// - Returns: Where they are.
  func write(to folder: URL) throws -> (file: String, keyFile: String) {
    let name = UUID().uuidString
    let files = (
      folder.appendingPathComponent("\(name).pem").path,
      folder.appendingPathComponent("\(name)-key.pem").path
    )
    try Data(text.utf8).write(to: URL(fileURLWithPath: files.0))
    try Data(key.utf8).write(to: URL(fileURLWithPath: files.1))
    return files
  }

  static let hub = TestCertificate(
    text: """
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
      """,
    key: """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzHJ5TS6S6Cy541cL
      mBwlT0dR6WVZ0Eom3JjO6We+xQahRANCAAT2GWM7JDX3gaO//KMDeUYyq0qL4XQ8
      CG9mO92Z90unpOeNWqNej2d0v1xiZWmBn+Y3W8/4OVEqJVXpfY3fBndh
      -----END PRIVATE KEY-----
      """)

  static let other = TestCertificate(
    text: """
      -----BEGIN CERTIFICATE-----
      MIIBmzCCAUGgAwIBAgIUPsR43QtEeJe9xXfzXL/taluTy5cwCgYIKoZIzj0EAwIw
      FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDIzMjE0N1oYDzIxMjYxMTA2
      MjMyMTQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
      PQMBBwNCAASmTCPM46bCtGSF9SE8y0VP/hV0PIGlyWi9LCgFY6MZGwYGbfVFBT2r
      3q3tsPZ25mDoKe4jbHp6wimgFQIqwnP0o28wbTAdBgNVHQ4EFgQUsJQoT7EC96QS
      JDn2TS3ge2vogAwwHwYDVR0jBBgwFoAUsJQoT7EC96QSJDn2TS3ge2vogAwwDwYD
      VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
      zj0EAwIDSAAwRQIgMbI0F3juIilN4+iyzr86aLs07Iwt1M97qxEcENLalV8CIQDR
      +/j0OveUFiS/nklExttZjc39ZEqE7dOz42CeXf9+mg==
      -----END CERTIFICATE-----
      """,
    key: """
      -----BEGIN PRIVATE KEY-----
      MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVpPNfleJMpdeKqn3
      a2atfVX/zPPnDbJWIaHlz2s5E4ehRANCAASmTCPM46bCtGSF9SE8y0VP/hV0PIGl
      yWi9LCgFY6MZGwYGbfVFBT2r3q3tsPZ25mDoKe4jbHp6wimgFQIqwnP0
      -----END PRIVATE KEY-----
      """)
}
