import SyncHub
import Synchronization

/// What the server counts, in Prometheus's text format.
///
/// Nothing in it names a person, a device or a record.
final class HubMetrics: Sendable {
  private struct Request: Hashable {
    let route: String
    let status: Int
  }

  private struct Counts {
    var requests: [Request: Int] = [:]
    /// By route: how many took no longer than each of ``bounds``, how many in all, and how long
    /// together.
    var durations: [String: (buckets: [Int], count: Int, seconds: Double)] = [:]
    var bytesReceived = 0
    /// Rows that were found damaged, by whether they could be put right.
    var damagedRows = [true: 0, false: 0]
    var underWay = 0
  }

  /// Seconds.
  private static let bounds = [0.005, 0.025, 0.1, 0.5, 2, 10]
  private let counts = Mutex(Counts())

  func began() { counts.withLock { $0.underWay += 1 } }

  func ended(route: String, status: Int, seconds: Double) {
    counts.withLock { counts in
      counts.underWay -= 1
      counts.requests[Request(route: route, status: status), default: 0] += 1
      let none = ([Int](repeating: 0, count: Self.bounds.count), 0, 0.0)
      var durations = counts.durations[route] ?? none
      for (index, bound) in Self.bounds.enumerated() where seconds <= bound {
        durations.buckets[index] += 1
      }
      durations.count += 1
      durations.seconds += seconds
      counts.durations[route] = durations
    }
  }

  func received(_ bytes: Int) { counts.withLock { $0.bytesReceived += bytes } }

  func foundDamaged(isRestored: Bool) {
    counts.withLock { $0.damagedRows[isRestored, default: 0] += 1 }
  }

  /// All figures, the hub's own among them.
  ///
  /// - Throws: The storage's errors.
  func text(of hub: Hub) throws -> String {
    let status = try hub.status()
    var page = MetricsPage()
    page.add(
      "thuan_hub_change_sets", "counter", "Change sets on record.",
      [("", Double(status.changeSets))])
    page.add("thuan_hub_sequence", "counter", "The last sequence.", [("", Double(status.head))])
    page.add(
      "thuan_hub_rows", "gauge", "Live rows.",
      status.rows.sorted { $0.key < $1.key }.map { ("{table=\"\($0.key)\"}", Double($0.value)) })
    page.add(
      "thuan_hub_conflicts_open", "gauge", "Questions that wait for the operator.",
      [("", Double(status.openConflicts))])
    page.add(
      "thuan_hub_quarantine_open", "gauge", "Change sets that wait in quarantine.",
      [("", Double(status.quarantined))])
    page.add(
      "thuan_hub_devices", "gauge", "Enrolled devices.",
      [
        ("{state=\"active\"}", Double(status.activeDevices)),
        ("{state=\"revoked\"}", Double(status.revokedDevices)),
      ])
    let damaged = counts.withLock { $0.damagedRows }
    page.add(
      "thuan_hub_damaged_rows_total", "counter",
      "Rows that were read again and were not as noted, since the start.",
      [
        ("{outcome=\"restored\"}", Double(damaged[true] ?? 0)),
        ("{outcome=\"kept\"}", Double(damaged[false] ?? 0)),
      ])
    addRequests(to: &page)
    return page.text
  }

  private func addRequests(to page: inout MetricsPage) {
    let (requests, durations, received, underWay) = counts.withLock {
      ($0.requests, $0.durations, $0.bytesReceived, $0.underWay)
    }
    page.add(
      "thuan_http_requests_under_way", "gauge", "Requests under way.", [("", Double(underWay))])
    page.add(
      "thuan_http_received_bytes_total", "counter", "Bytes of bodies that came in.",
      [("", Double(received))])
    page.add(
      "thuan_http_requests_total", "counter", "Answered requests.",
      requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map {
        ("{route=\"\($0.key.route)\",status=\"\($0.key.status)\"}", Double($0.value))
      })
    var samples: [(String, Double)] = []
    for (route, duration) in durations.sorted(by: { $0.key < $1.key }) {
      for (bound, count) in zip(Self.bounds, duration.buckets) {
        samples.append(("_bucket{route=\"\(route)\",le=\"\(bound)\"}", Double(count)))
      }
      samples.append(("_bucket{route=\"\(route)\",le=\"+Inf\"}", Double(duration.count)))
      samples.append(("_sum{route=\"\(route)\"}", duration.seconds))
      samples.append(("_count{route=\"\(route)\"}", Double(duration.count)))
    }
    page.add("thuan_http_request_seconds", "histogram", "How long answers took.", samples)
  }
}

/// Figures as Prometheus reads them (text format 0.0.4).
private struct MetricsPage {
  private(set) var text = ""

  mutating func add(
    _ name: String, _ type: String, _ help: String, _ samples: [(suffix: String, value: Double)]
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    for sample in samples {
      let isWhole = sample.value.rounded() == sample.value && abs(sample.value) < 1e15
      let value = isWhole ? String(Int64(sample.value)) : "\(sample.value)"
      text += "\(name)\(sample.suffix) \(value)\n"
    }
  }
}
