package import Foundation
import SyncDevice

/// What happens in one life, drawn in full before it begins.
package struct Plan: Codable {
  package var seed: UInt64
  package var devices: Int
  /// Whether anything in it may be decided by clocks.
  package var usesClocks: Bool
  package var actions: [Action]
}

/// A life that is kept in a file, because it once broke a law.
///
/// A seed means another life as soon as anything about drawing lives changes; what is written down
/// does not.
package struct Scenario: Codable {
  /// What the life showed, for whoever sees it fail again.
  package let about: String
  package let plan: Plan

  package init(about: String, plan: Plan) {
    self.about = about
    self.plan = plan
  }

  /// Reads a scenario from a file.
  ///
  /// - Throws: `CocoaError` and `DecodingError`.
  package init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
  }

  /// Writes it to a file, one action a line.
  ///
  /// - Throws: `CocoaError`.
  package func write(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let actions = try plan.actions.map {
      String(decoding: try encoder.encode($0), as: UTF8.self)
    }
    let text = """
      {"about": \(String(decoding: try encoder.encode(about), as: UTF8.self)),
      "plan": {"seed": \(plan.seed), "devices": \(plan.devices), "usesClocks": \(plan.usesClocks),
      "actions": [
      \(actions.joined(separator: ",\n"))
      ]}}

      """
    try Data(text.utf8).write(to: url)
  }
}

extension SyncRound.Directions: Codable {}
