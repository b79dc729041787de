/// The parts of the benchmark.
///
/// A new part is a case here with its title, a function that gives its figures, and a line in the
/// usage.
enum Section: String, CaseIterable {
  case capture, ingest, apply, wire, flat, growth, bootstrap, requests, memory, commands
  case evening, nation, codec

  /// What is measured unless somebody names sections.
  static var usual: [Section] {
    #if CodecComparison
    allCases
    #else
    allCases.filter { $0 != .codec }
    #endif
  }

  var title: String {
    switch self {
    case .capture: "Writing through the capture triggers, against the same tables without"
    case .ingest: "Taking in at the hub, against plain inserts of the same rows"
    case .apply: "Applying a pull on a device, against plain inserts in one transaction"
    case .wire: "Bytes that travel, against gzip -6 of the same rows as JSON lines"
    case .flat: "A sync of 100 changes, hub and devices, in stores of any size"
    case .growth: "How costs grow with the number of rows"
    case .bootstrap: "A new device over HTTP, against plain inserts in one transaction"
    case .requests: "What a sync asks over HTTP, counted on the way"
    case .memory: "Memory of processes, beyond what they hold when nothing goes on"
    case .commands: "Commands on a store of the field's own tables, whole processes"
    case .evening: "A province's devices over HTTP, all at once"
    case .nation: "A nation's devices over HTTP, as many at once as can be driven"
    case .codec: "Coding 10 000 cells"
    }
  }

  func figures(_ bench: Bench) async throws -> [Figure] {
    switch self {
    case .capture: try captureFigures(bench.workload(), rounds: bench.scale.rounds)
    case .ingest: try ingestFigures(bench.rehearsal(), rounds: bench.scale.rounds)
    case .apply: try applyFigures(bench.rehearsal(), rounds: bench.scale.rounds)
    case .wire: try wireFigures(bench.rehearsal())
    case .flat: try flatFigures(bench.scale)
    case .growth: try growthFigures(bench)
    case .bootstrap: try await bootstrapFigures(bench.workload(), rounds: bench.scale.rounds)
    case .requests: try await requestFigures(many: bench.scale.changes)
    case .memory: try await memoryFigures(bench.workload(), devices: bench.scale.connected)
    case .commands: try commandFigures(rows: bench.scale.rows, rounds: bench.scale.rounds)
    case .evening: try await eveningFigures(devices: bench.scale.devices)
    case .nation: try await nationFigures(communes: bench.scale.communes)
    case .codec: try codecFigures(bench.workload(), rounds: bench.scale.rounds)
    }
  }
}

/// What the parts share: made once, when the first of them asks for it.
final class Bench {
  let scale: Scale
  private var made: (workload: Workload?, rehearsal: Rehearsal?)

  init(_ scale: Scale) { self.scale = scale }

  func workload() -> Workload {
    let workload = made.workload ?? Workload(rows: scale.rows)
    made.workload = workload
    return workload
  }

  func rehearsal() throws -> Rehearsal {
    let rehearsal = try made.rehearsal ?? Rehearsal(workload())
    made.rehearsal = rehearsal
    return rehearsal
  }
}
