import Foundation
import Testing

@testable import Benchmarks

#if canImport(FoundationXML)
import FoundationXML
#endif

/// All parts, on next to no rows.
struct SectionTests {
  private let scale = Scale(
    rows: 90, rounds: 2, flatRows: [300, 600], growthRows: [300, 600], changes: 30, connected: 3,
    devices: 4, communes: 10)

  @Test func `every part gives figures, and those with targets are the agreed ones`() async throws {
    let bench = Bench(scale)
    var figures: [Figure] = []
    for section in Section.allCases { figures += try await section.figures(bench) }
    #expect(figures.allSatisfy { $0.value.isFinite })
    #expect(Set(figures.map(\.name)).count == figures.count)
    let targets = Dictionary(
      uniqueKeysWithValues: figures.compactMap { figure in figure.target.map { (figure.name, $0) } }
    )
    let agreed = [
      "capture/own/insert/1": 1.5, "capture/own/insert/100": 1.5, "capture/own/insert/all": 2,
      "capture/foreign/update/1": 1.5, "capture/foreign/delete/100": 1.8, "log/own/insert/1": 12,
      "log/own/update/1": 120, "ingest/insert": 4, "ingest/merge": 1.5, "ingest/conflict": 2,
      "ingest/anew": 2,
      "apply/insert": 2, "wire/bootstrap": 0.85, "wire/day": 0.75, "wire/update": 40,
      "flat/edits": 1.3, "flat/inserts": 1.3, "flat/edits/digest/600": 5,
      "bootstrap": 4, "requests/idle": 1,
      "bytes/idle": 600, "requests/10": 2, "bytes/10": 2048, "requests/30/rows": 12,
      "memory/device/bootstrap": 48, "memory/hub/ingest": 64, "memory/hub/3_devices": 256,
      "commands/list": 60, "commands/show": 40, "commands/search": 80, "evening/4/failed": 0,
      "nation/10/not_home": 0,
    ]
    for (name, target) in agreed { #expect(targets[name] == target, "\(name)") }
  }

  @Test func `growth is drawn with a labelled line for every cost`() throws {
    let figures = try growthFigures(Bench(scale))
    let svg = GrowthChart(figures, title: "a < b & c").svg
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    #expect(svg.contains("a &lt; b &amp; c"))
    #expect(svg.components(separatedBy: "<polyline").count == 7)
    for label in ["taking in at the hub, µs/row", "first pull on the wire, bytes/row"] {
      #expect(svg.contains(label))
    }
  }

  @Test func `sides take turns at being the first`() throws {
    var order: [String] = []
    for round in 0..<2 {
      let results = try inTurns(
        round,
        [
          { () -> Int in
            order.append("plain")
            return 1
          },
          { () -> Int in
            order.append("ours")
            return 2
          },
        ])
      #expect(results == [1, 2])
    }
    #expect(order == ["plain", "ours", "ours", "plain"])
  }

  @Test func `every part of every side is run once, in its order and spread over the others`()
    throws
  {
    var order = ""
    func side(_ letter: Character, _ count: Int) -> [() throws -> Void] {
      (0..<count).map { index in { order += "\(letter)\(index)" } }
    }
    try interleave(0, [side("a", 4), side("b", 2), []])
    #expect(order == "a0" + "b0a1" + "a2" + "b1a3")
  }
}
