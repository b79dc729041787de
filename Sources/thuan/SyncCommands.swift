import ArgumentParser
import FieldModel
import Foundation
import SyncClient
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan sync`.
struct Sync: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Đồng bộ: gửi việc của mình, nhận việc của người khác.",
        en: "Sync: send your work, receive that of others.",
        uk: "Синхронізація: надіслати своє, отримати чуже."),
      discussion: say(
        vi: "Mất mạng giữa chừng thì lần sau gửi tiếp, không mất gì và không gửi trùng.",
        en: "If the network breaks, the next sync goes on from there; nothing is lost or doubled.",
        uk: "Якщо мережа зникне, наступна продовжить; нічого не втратиться й не подвоїться."))
  }

  @OptionGroup var common: CommonOptions
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Không dừng: đồng bộ mãi, cứ mỗi phút một lần.",
        en: "Do not stop: sync once a minute.", uk: "Не зупинятися: щохвилини.")))
  var watch = false

  mutating func run() async throws {
    let connection = try Connection(common.store)
    if watch { try await connection.watch() } else { try await connection.run([.push, .pull]) }
  }
}

/// The command `thuan push`.
struct Push: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(vi: "Chỉ gửi.", en: "Only send.", uk: "Лише надіслати."))
  }

  @OptionGroup var common: CommonOptions
  mutating func run() async throws { try await Connection(common.store).run(.push) }
}

/// The command `thuan pull`.
struct Pull: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(vi: "Chỉ nhận.", en: "Only receive.", uk: "Лише отримати."))
  }

  @OptionGroup var common: CommonOptions
  mutating func run() async throws { try await Connection(common.store).run(.pull) }
}

/// The store and the hub that it belongs to.
private struct Connection {
  private let field: FieldStore
  private let identity: DeviceIdentity
  private let client: HubClient

  init(_ path: String?) throws {
    field = try FieldStore(path, evenLocked: true)
    identity = try field.knownIdentity()
    client = try HubClient(to: identity)
  }

  func run(_ directions: SyncRound.Directions) async throws {
    let showsProgress = isatty(STDERR_FILENO) == 1
    let clear = { if showsProgress { Program.writeOver("") } }
    let news = try News(field.store)
    defer {
      clear()
      // What has been found out stays true if the network then breaks.
      news.tell()
    }
    let progress: SyncProgress
    do {
      progress = try await synchronise(directions, identity, client, showsProgress: showsProgress)
    } catch let unavailable as HubUnavailable {
      guard let (identity, client) = try await field.follow(identity, after: unavailable) else {
        throw TooLargeText.named(unavailable, in: field)
      }
      progress = try await synchronise(directions, identity, client, showsProgress: showsProgress)
    }
    clear()
    Program.write(SyncText.progress(progress))
    try sayStanding()
  }

  private func synchronise(
    _ directions: SyncRound.Directions, _ identity: DeviceIdentity, _ client: HubClient,
    showsProgress: Bool
  ) async throws -> SyncProgress {
    try await SyncClient.synchronise(
      store: field.store, identity: identity, client: client, directions: directions,
      progress: { progress in
        if showsProgress { Program.writeOver(SyncText.progress(progress)) }
      })
  }

  func watch() async throws {
    let news = try News(field.store)
    let loop = SyncLoop(
      store: field.store, identity: identity, client: client,
      follow: { [field] unavailable in
        // By what is kept now, not what was when the loop began.
        try await field.follow(field.knownIdentity(), after: unavailable)
      },
      report: { event in
        news.tell()
        switch event {
        case .started: break
        case .finished(let progress, let isInStep, _):
          Program.write(
            "\(localTime(wallClock()))  \(SyncText.progress(progress))  "
              + (isInStep ? SyncText.inStep : SyncText.notInStep))
        case .failed(let error, _, let next):
          let named = TooLargeText.named(error, in: field)
          let failure = named as? Failure ?? explain(named) ?? .unexpected(named)
          Program.write(
            "\(localTime(wallClock()))  \(failure.what.text) "
              + say(
                vi: "Thử lại sau \(next / 1000) giây.", en: "Trying again in \(next / 1000) s.",
                uk: "Повтор через \(next / 1000) с."), toErrors: true)
        }
      })
    try await loop.run()
  }

  private func sayStanding() throws {
    let status = try field.store.status(wallMilliseconds: wallClock())
    Program.write(status.isInStep ? Style.good(SyncText.inStep) : SyncText.notInStep)
    if let summary = WaitingText(status.waiting, field.store.schema).summary, !status.isLocked {
      Program.write(Style.warning(summary))
    }
    if status.openConflicts > 0 {
      Program.write(
        say(
          vi: "Chờ người điều phối quyết định: \(status.openConflicts) (thuan conflicts)",
          en: "Waiting for the operator’s decision: \(status.openConflicts) (thuan conflicts)",
          uk: "Чекає рішення оператора: \(status.openConflicts) (thuan conflicts)"))
    }
    if let text = ClockText.warning(offsetMilliseconds: status.clockOffsetMilliseconds) {
      Program.write(Style.warning(text), toErrors: true)
    }
  }
}

/// A sync in words.
private enum SyncText {
  static let inStep = say(
    vi: "Khớp với máy chủ tỉnh", en: "In step with the hub", uk: "Збігається з хабом")
  static let notInStep = say(
    vi: "Chưa khớp với máy chủ tỉnh", en: "Not in step with the hub", uk: "Не збігається з хабом")

  static func progress(_ progress: SyncProgress) -> String {
    var text = say(
      vi: "Đã gửi \(progress.sent) lần ghi, nhận \(progress.received) bản ghi",
      en: "Sent \(progress.sent) transactions, received \(progress.received) rows",
      uk: "Надіслано записів: \(progress.sent), отримано рядків: \(progress.received)")
    if progress.conflicted > 0 {
      text += say(
        vi: ", xung đột \(progress.conflicted)", en: ", \(progress.conflicted) in conflict",
        uk: ", конфліктів: \(progress.conflicted)")
    }
    if progress.quarantined > 0 {
      text += say(
        vi: ", giữ lại để xem xét \(progress.quarantined)",
        en: ", \(progress.quarantined) held back for review",
        uk: ", затримано: \(progress.quarantined)")
    }
    return text
  }
}
