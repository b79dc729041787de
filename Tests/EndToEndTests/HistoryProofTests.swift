import Foundation
import Testing

/// The operator proves the hub's record with the real program.
struct HistoryProofTests {
  @Test func `the record is proved, and the first place that was touched is named`() throws {
    let programs = try Programs()
    try programs.prepare(devices: ["an"])
    try programs.addSession("an", "A")
    #expect(try programs.officer("an", "sync").code == 0)

    let proved = try programs.hub("check", "--history")
    #expect(proved.code == 0, "\(proved.errors)")
    let head = try #require(proved.output.firstMatch(of: /Đầu: (\d+:[0-9a-f]{64})/)).output.1
    try programs.addSession("an", "B")
    #expect(try programs.officer("an", "sync").code == 0)
    #expect(try programs.hub("check", "--history", "--head", String(head)).code == 0)

    let other = String(head.dropLast()) + (head.last == "0" ? "1" : "0")
    let denied = try programs.hub("check", "--history", "--head", other)
    #expect(denied.code == 4 && denied.errors.contains("khác với đầu đã ghi lại"), "\(denied)")
    for words in [
      ["--head", String(head)], ["--history", "--head", "12"], ["--history", "--repair"],
    ] {
      #expect(try programs.run("thuan-hub", ["check"] + words).code == 64)
    }

    let number = try #require(head.split(separator: ":").first)
    try programs.sqlite(
      "hub/hub", "UPDATE hub_change_set SET size = size - 1 WHERE number = \(number)")
    let touched = try programs.hub("check", "--history", "--json")
    #expect(touched.code == 4)
    #expect(touched.output.contains(#""flaw":"altered""#), "\(touched.output)")
    #expect(touched.output.contains("\"number\":\(number)"), "\(touched.output)")
  }
}
