import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct WaitingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waiting",
    abstract: say(
      vi: "Bản ghi mà các thiết bị không gửi lên được.", en: "Records that devices cannot send.",
      uk: "Записи, яких пристрої не можуть надіслати."),
    discussion: say(
      vi: "Theo lời thiết bị ở lần đồng bộ cuối: bản ghi nào, lớn bao nhiêu, vì sao; nội dung thì "
        + "không. Cán bộ sửa trên máy mình: thuan waiting.",
      en: "As the device said with its last sync: which record, how large and why, and nothing of "
        + "what it says. The officer mends it there: thuan waiting.",
      uk: "Як сказав пристрій під час останньої синхронізації: який запис, який завбільшки й чому, "
        + "без вмісту. Виправляє працівник на своєму пристрої: thuan waiting."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  func run() throws {
    let open = try options.open()
    let waiting = try open.hub.waitingOnDevices()
    if listing.json {
      return Program.write(Cell.list(waiting.map { $0.cell(open.hub.schema) }).json)
    }
    if waiting.isEmpty {
      return Program.write(
        say(
          vi: "Các thiết bị gửi được mọi thứ.", en: "Devices can send all that they have.",
          uk: "Пристрої можуть надіслати все."))
    }
    for device in waiting {
      for line in try device.lines(open) { Program.write(line) }
    }
  }
}

extension DeviceWaiting {
  fileprivate func lines(_ open: OpenHub) throws -> [String] {
    var lines = [Style.bold("\(device.label), \(device.officerName)")]
    for row in report.rows {
      let words = ObstacleWords(row.obstacle, open.hub.schema)
      lines.append("  \(localTime(row.sinceMilliseconds))  " + words.sentence.text)
      if row.obstacle.key.values.allSatisfy({ $0.text != nil }) {
        lines.append("    " + (try open.description(of: words.tableName, row.obstacle.key)))
      }
    }
    let more = report.count - report.rows.count
    if more > 0 { lines.append("  … +\(more)") }
    if report.dependents > 0 {
      lines.append(
        "  "
          + say(
            vi: "Chờ theo: \(report.dependents) bản ghi.",
            en: "Records that wait with them: \(report.dependents).",
            uk: "Разом із ними чекають записи: \(report.dependents)."))
    }
    return lines
  }

  fileprivate func cell(_ schema: SyncSchema) -> Cell {
    .object([
      ("device", .text(device.id)), ("label", .text(device.label)),
      ("officer", .text(device.officerName)), ("count", .integer(Int64(report.count))),
      ("dependents", .integer(Int64(report.dependents))),
      ("reported", .instant(reportedMilliseconds)),
      (
        "rows",
        .list(
          report.rows.map { row in
            let words = ObstacleWords(row.obstacle, schema)
            return .object([
              ("table", .text(words.tableName)),
              ("key", .text(row.obstacle.key.description)),
              ("column", .optional(words.columnName)),
              ("reason", .text("\(row.obstacle.reason)")),
              ("bytes", .integer(Int64(row.obstacle.bytes))),
              ("since", .instant(row.sinceMilliseconds)),
              ("sentence", .text(words.sentence.text)),
            ])
          })
      ),
    ])
  }
}
