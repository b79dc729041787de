import ArgumentParser
import FieldModel
import Foundation
import SyncHub
import Terminal

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: say(
      vi: "Tạo máy chủ mới.", en: "Make a new hub.", uk: "Створити новий хаб."))

  @OptionGroup var options: HubOptions

  func run() throws {
    let folder = options.folder
    guard !FileManager.default.fileExists(atPath: options.databasePath) else {
      throw Failure(
        .store,
        Phrase(
          vi: "Ở “\(folder.path)” đã có máy chủ; không đụng đến.",
          en: "There is a hub in “\(folder.path)” already; it was left alone.",
          uk: "У «\(folder.path)» уже є хаб; його не змінено."))
    }
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    // A folder that was there keeps its mode otherwise, and people's names will lie in it.
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    let open = try OpenHub(path: options.databasePath)
    let status = try open.hub.status()
    Program.write(
      say(
        vi: "Đã tạo máy chủ ở \(folder.path) (dòng thời gian \(status.timeline.prefix(8))).",
        en: "Made a hub in \(folder.path) (timeline \(status.timeline.prefix(8))).",
        uk: "Створено хаб у \(folder.path) (лінія часу \(status.timeline.prefix(8)))."))
  }
}
