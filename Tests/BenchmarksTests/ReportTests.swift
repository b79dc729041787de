import Foundation
import Testing

@testable import Benchmarks

/// What is printed, and what may be asked for.
struct ReportTests {
  private let pairs = [
    Pair(plain: 2, ours: 3), Pair(plain: 1, ours: 4), Pair(plain: 4, ours: 8),
  ]

  @Test func `a figure is the median of its rounds, not of its best`() {
    let figure = Figure("a/b", pairs, target: 2)
    #expect(figure.value == 2 && figure.least == 1.5 && figure.greatest == 4)
    #expect(figure.baseline == 2 && figure.isGood == true)
    #expect(Figure("a/b", pairs, target: 1.9).isGood == false)
    #expect(Figure("a/b", .bytes, [1, 2, 3, 4]).value == 2.5)
    #expect(Figure("a/b", .bytes, [1]).isGood == nil)
  }

  @Test func `a line of JSON has what is kept`() throws {
    let report = Report(isJSON: true, isQuick: true)
    func fields(_ figure: Figure) throws -> [String: Any] {
      let object = try JSONSerialization.jsonObject(with: Data(report.json(figure).utf8))
      return try #require(object as? [String: Any])
    }
    let ratio = try fields(Figure("a/b", pairs, target: 2))
    #expect(ratio["name"] as? String == "a/b" && ratio["unit"] as? String == "ratio")
    #expect(ratio["value"] as? Double == 2 && ratio["target"] as? Double == 2)
    #expect(ratio["baseline"] as? Double == 2 && ratio["runs"] as? Int == 3)
    #expect(ratio["min"] as? Double == 1.5 && ratio["max"] as? Double == 4)
    let bytes = try fields(Figure("c", .bytes, [7]))
    #expect(bytes["target"] is NSNull && bytes["baseline"] is NSNull)
  }

  @Test func `a line of the table says whether the target is kept, in colour on a terminal only`() {
    let plain = Report(isJSON: false, isQuick: false, isColoured: false)
    let line = plain.line(Figure("a/b", pairs, target: 1.5))
    #expect(line.contains("too high") && line.contains("≤ 1.5") && !line.contains("\u{1B}"))
    #expect(plain.line(Figure("a/b", pairs, target: 2)).contains("good"))
    let coloured = Report(isJSON: false, isQuick: false, isColoured: true)
    #expect(coloured.line(Figure("a/b", pairs, target: 2)).contains("\u{1B}[32mgood"))
  }

  @Test(arguments: [
    ["--rows"], ["--rows", "29"], ["--rows", "many"], ["--rounds", "0"], ["--sections"],
    ["--sections", "capture,speed"], ["--sections", ""], ["--svg"],
    ["--svg", "/no/such/folder/a.svg"],
    ["--svg", "/"], ["--fast"], ["quick"],
  ])
  func `what cannot be done is said before anything is measured`(_ arguments: [String]) {
    #expect(throws: BenchError.self) { try Options(arguments) }
  }

  @Test func `arguments say how much is measured`() throws {
    let quick = try #require(try Options(["--quick", "--rounds", "7", "--json"]))
    #expect(quick.scale.rows == Scale.quick.rows && quick.scale.rounds == 7 && quick.isJSON)
    #expect(!quick.scale.flatRows.contains(1_000_000))
    #expect(try #require(try Options([])).scale.rows == 100_000)
    #expect(try Options(["--rows", "5", "--help"]) == nil)
    let drawn = try #require(try Options(["--sections", "wire", "--svg", "growth.svg"]))
    #expect(drawn.sections == [.wire, .growth] && drawn.chart == "growth.svg")
  }
}
