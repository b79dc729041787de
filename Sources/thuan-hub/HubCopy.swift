import FieldModel
import Foundation
import GRDB
import SyncCore
import SyncHub
import SyncSQLite
import Terminal

/// What a hub's file holds that matters when it is put back, or put away.
struct HubCopy {
  /// What is wrong with it beyond broken pages.
  let problems: [String]
  let changeSets: Int64
  /// When it last took something in.
  let lastMilliseconds: Int64?
  /// Names of devices by id.
  let devices: [String: String]
  /// Those that have been revoked.
  let revoked: Set<String>
  /// The last days of grants that have one.
  let endedGrants: [String: String]
  /// Numbers that outgoing documents have been given, by document and number.
  let numbers: [String: String]
  private let decisions: [Int64]

  /// Opens a file that is nobody else's as a hub.
  ///
  /// - Throws: ``Failure`` if it is damaged or no hub's, and what opening a hub throws.
  init(_ file: DatabaseFile) throws {
    let damage: [String]
    do {
      try file.fold()
      guard try file.tables().isSuperset(of: ["hub_change_set", "hub_device", "session"]) else {
        throw Failure(
          .store,
          Phrase(
            vi: "\(file.path) không phải kho của thuan-hub.",
            en: "\(file.path) is no hub’s file.", uk: "\(file.path) — не сховище thuan-hub."))
      }
      damage = try file.damage()
    } catch let error as DatabaseError {
      throw Self.isDamaged(file, error.message ?? "")
    }
    if let first = damage.first { throw Self.isDamaged(file, first) }
    try self.init(try OpenHub(path: file.path))
  }

  /// Looks at a hub that is open.
  init(_ open: OpenHub) throws {
    problems = try open.database.problems() + open.hub.problems()
    let last =
      try open.rows(
        "SELECT number, received_at FROM hub_change_set ORDER BY number DESC LIMIT 1"
      ).first ?? []
    changeSets = last.first?.integer ?? 0
    lastMilliseconds = last.last?.integer
    var devices: [String: String] = [:]
    for device in try open.hub.devices() {
      devices[device.id] = "\(device.label) (\(device.officerName))"
    }
    self.devices = devices
    revoked = Set(try open.hub.devices().filter(\.isRevoked).map(\.id))
    endedGrants = Dictionary(
      uniqueKeysWithValues: try OfficerGrant.all(in: open.hub).compactMap { grant in
        grant.validTo.map { (grant.id, $0) }
      })
    decisions = try open.rows("SELECT number FROM hub_decision").compactMap { $0[0].integer }
    var numbers: [String: String] = [:]
    let rows = try open.rows(
      """
      SELECT id, number_int, number_suffix, doc_type, year, abstract FROM document
      WHERE direction <> 'in' AND number_int IS NOT NULL ORDER BY year, doc_type, number_int
      """)
    for row in rows {
      guard let id = row[0].text, let number = row[1].integer else { continue }
      let shown = "\(number)\(row[2].text ?? "")/\(row[3].text ?? "")"
      let year = row[4].integer.map { "-\($0)" } ?? ""
      numbers["\(id) \(shown)\(year)"] = "\(shown)\(year): \(row[5].text ?? "")"
    }
    self.numbers = numbers
  }

  /// How many decisions belong to change sets after the given one.
  func decisions(after number: Int64) -> Int { decisions.count { $0 > number } }

  private static func isDamaged(_ file: DatabaseFile, _ detail: String) -> Failure {
    Failure(
      .store,
      Phrase(
        vi: "Bản sao bị hỏng (\(detail)); không đụng đến gì.",
        en: "The copy is damaged (\(detail)); nothing was touched.",
        uk: "Копія пошкоджена (\(detail)); нічого не змінено."),
      hint: Phrase(
        vi: "Dùng bản sao khác.", en: "Use another copy.", uk: "Візьміть іншу копію."))
  }
}
