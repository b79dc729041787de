import Foundation
import Testing

/// Who holds what, with the real programs.
@Suite(.serialized) struct GrantTests {
  private let programs: Programs

  init() throws {
    programs = try Programs()
    try programs.prepare(devices: [])
    for (name, unit) in [("an", "23065"), ("binh", "23275")] {
      try programs.enrol(name, unit: unit)
    }
    let added = try programs.officer(
      "an", "session", "add", "--kind", "monitoring", "--form", "team", "--unit", "23065@0",
      "--lead", "front-23065@0", "--title", "Giám sát ở La Dạ")
    #expect(added.code == 0, "\(added.errors)")
    #expect(try programs.officer("an", "sync").code == 0)
    #expect(try programs.officer("binh", "sync").code == 0)
  }

  private func sessions(_ name: String) throws -> String {
    try programs.officer(name, "session", "list", "--json").output
  }

  private func id(_ pattern: Regex<(Substring, Substring)>, in text: String) throws -> String {
    String(try #require(text.firstMatch(of: pattern)).output.1)
  }

  private func officer(_ label: String) throws -> String {
    try id(
      /"officer":"([^"]+)"/,
      in: try programs.hub("grants", "--unit", label == "an" ? "23065" : "23275", "--json").output)
  }

  @Test func `a grant brings a unit's records, and its end takes them away`() throws {
    #expect(!(try sessions("binh").contains("La Dạ")))
    let binh = try officer("binh")
    let given = try programs.hub(
      "grant", binh, "--unit", "23065", "--role", "viewer", "--reason", "thay cán bộ")
    #expect(given.code == 0 && given.output.contains("La Dạ"), "\(given)")
    #expect(try programs.officer("binh", "sync").code == 0)
    let session = try id(/"id":"([^"]+)"/, in: try sessions("binh"))

    #expect(try programs.officer("binh", "session", "edit", session, "--place", "ở đâu").code == 0)
    _ = try programs.officer("binh", "sync")
    let waiting = try programs.hub("quarantine", "list", "--json").output
    #expect(waiting.contains("readOnly"), "\(waiting)")
    let number = try id(/"number":([0-9]+)/, in: waiting)
    #expect(
      try programs.hub("quarantine", "dismiss", number, "--reason", "chỉ được xem").code == 0)

    let holdings = try programs.hub("holdings", "binh", "--json").output
    #expect(holdings.contains("23065@0") && holdings.contains(session), "\(holdings)")
    let grants = try programs.hub("grants", "--officer", binh, "--json").output
    let grant = try id(/"id":"([^"]+)","officer":"[^"]+","role":"viewer"/, in: grants)
    let looked = try programs.hub("withdraw", grant, "--dry-run", "--reason", "xem")
    #expect(looked.code == 0 && looked.output.contains("binh"), "\(looked)")
    #expect(try programs.hub("grants", "--json").output.contains(grant))
    #expect(try programs.hub("withdraw", grant, "--reason", "hết thay").code == 0)
    #expect(!(try programs.hub("grants", "--json").output.contains(grant)))
    #expect(try programs.hub("grants", "--all", "--json").output.contains(grant))
    #expect(try programs.officer("binh", "sync").code == 0)
    #expect(!(try sessions("binh").contains("La Dạ")))
    let status = try programs.officer("binh", "status", "--json").output
    #expect(status.contains(/"in_step": ?true/), "\(status)")
    let audit = try programs.hub("audit", "--json").output
    #expect(audit.contains(#""act":"withdraw""#) && audit.contains("hết thay"), "\(audit)")
    #expect(try programs.hub("check").code == 0)
  }

  @Test func `what cannot be granted or withdrawn is said, and changes nothing`() throws {
    let before = try programs.hub("grants", "--all", "--json").output
    let an = try officer("an")
    for (code, arguments) in [
      (64, ["grant", an, "--unit", "23065", "--role", "vua", "--reason", "r"]),
      (64, ["grant", an, "--unit", "23065"]),
      (64, ["grant", an, "--unit", "23065", "--from", "2026-02-30", "--reason", "r"]),
      (
        64,
        [
          "grant", an, "--unit", "23065", "--from", "2026-02-02", "--to", "2026-02-01", "--reason",
          "r",
        ]
      ),
      (2, ["grant", "khongcoai", "--unit", "23065", "--reason", "r"]),
      (2, ["grant", an, "--unit", "99999", "--reason", "r"]),
      (2, ["withdraw", "khongcogi", "--reason", "r"]),
      (2, ["holdings", "khongcogi"]),
      (2, ["transfer", "khongcogi", "--to", "front-60@0", "--reason", "r"]),
      (
        65,
        [
          "reform", "--on", "2026-07-01", "--units", "/nonexistent", "--succession", "/nonexistent",
        ]
      ),
    ] as [(Int32, [String])] {
      let result = try programs.run("thuan-hub", arguments)
      #expect(result.code == code, "\(arguments): \(result)")
      #expect(!result.errors.isEmpty)
    }
    #expect(try programs.hub("grants", "--all", "--json").output == before)
  }

  @Test func `an account's password comes from the input, never from the command line`() throws {
    let made = try programs.run(
      "thuan-hub", ["account", "add", "ha", "--role", "hub_operator", "--reason", "r"],
      input: "con đường mưa 7\n")
    #expect(made.code == 0, "\(made)")
    let short = try programs.run(
      "thuan-hub", ["account", "password", "ha", "--reason", "r"], input: "ngắn\n")
    #expect(short.code == 65 && short.errors.contains("12"), "\(short)")
    #expect(try programs.hub("account", "disable", "ha", "--reason", "nghỉ").code == 0)
    let list = try programs.hub("account", "list", "--json").output
    #expect(list.contains(#""state":"disabled""#), "\(list)")
  }
}
