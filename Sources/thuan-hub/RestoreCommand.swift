import ArgumentParser
import FieldModel
import Foundation
import GRDB
import SyncCore
import SyncHub
import SyncSQLite
import Terminal

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: say(
      vi: "Khôi phục kho từ bản sao lưu.", en: "Put the hub back from a backup.",
      uk: "Відновити сховище з резервної копії."),
    discussion: say(
      vi: """
        Phải dừng máy chủ trước. Bản sao được kiểm tra; kho đang có không bị xóa mà được cất sang \
        tên có ngày giờ. Máy chủ bắt đầu một dòng thời gian mới, và thiết bị tự gửi lại những gì \
        máy chủ không còn: không phải làm gì trên thiết bị.

        Thiết bị và quyền mà bản sao còn cho truy cập được liệt kê, và bạn được hỏi cái nào đã bị thu \
        hồi sau ngày sao lưu. Thiết bị đã biết mình bị thu hồi thì tự báo lại.

        Ba việc phải xem bằng tay sau đó: xung đột đã quyết định sau ngày sao lưu có thể mở lại; \
        số văn bản đã cấp sau ngày đó phải đối chiếu với sổ đăng ký trước khi cấp số tiếp; thiết \
        bị ghi danh sau ngày đó phải ghi danh lại.
        """,
      en: """
        Stop the server first. The copy is checked; the hub that is there is not deleted but put \
        aside under a dated name. The hub begins a new timeline, and devices offer again what it \
        no longer has: nothing has to be done on them.

        The devices and grants of the copy are listed, and you are asked which were taken away after \
        the backup. A device that knows it was revoked says so itself.

        Three things have to be looked at by hand then: conflicts that were decided after the \
        backup may be open again; document numbers given out since have to be confirmed against \
        the register before the next one; devices enrolled since have to be enrolled anew.
        """,
      uk: """
        Спершу зупиніть сервер. Копію перевіряють; наявне сховище не видаляється, а відкладається \
        під назвою з датою. Хаб починає нову лінію часу, і пристрої знову надсилають те, чого він \
        більше не має: на них нічого робити не треба.

        Пристрої та права копії буде перелічено, і вас спитають, що відкликано після копії. Пристрій, \
        який знає, що його відкликано, скаже це сам.

        Три речі тоді слід переглянути: конфлікти, вирішені після копії, можуть знову бути \
        відкриті; номери документів, надані відтоді, слід звірити з журналом, перш ніж давати \
        наступний; пристрої, зареєстровані відтоді, слід зареєструвати заново.
        """))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions
  @OptionGroup var takenAway: TakenAwayOptions
  @OptionGroup var listing: ListingOptions
  @Argument(
    help: ArgumentHelp(
      say(vi: "Bản sao lưu.", en: "The backup.", uk: "Резервна копія."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var file: String

  func run() throws {
    let source = DatabaseFile(NSString(string: file).expandingTildeInPath)
    let target = DatabaseFile(options.databasePath)
    guard source.exists else {
      throw Failure(
        .store,
        Phrase(
          vi: "Không có tệp \(source.path).", en: "There is no file \(source.path).",
          uk: "Немає файлу \(source.path)."))
    }
    try FileManager.default.createDirectory(
      at: options.folder, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    guard StoreLock.hold(target.path, isAlone: true, patienceMilliseconds: 2_000) else {
      throw Self.isServing
    }
    let part = DatabaseFile(target.path + ".restoring")
    defer { try? part.remove() }
    try source.copy(to: part)
    let copy = try HubCopy(part)
    let former = try lookAt(target)
    let timeline = UUID().uuidString.lowercased()
    let ruling = try rulingOptions.ruling()
    let access = try begin(timeline, in: part, former, ruling)
    try part.fold()
    let aside = target.datedName(ruling.wallMilliseconds)
    let isThere = target.exists
    try exchange(part, target, aside)
    let report = RestoreReport(
      source: source.path, copy: copy, former: former, aside: isThere ? aside : nil,
      timeline: timeline, access: access)
    if listing.json { Program.write(report.cell.json) } else { report.write() }
  }

  /// What the present hub holds; nothing if there is none, or if it cannot be read, which may be why
  /// somebody is here.
  private func lookAt(_ target: DatabaseFile) throws -> HubCopy? {
    guard target.exists else { return nil }
    do { return try HubCopy(try OpenHub(path: target.path)) } catch let error as DatabaseError
      where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode)
    {
      throw Self.isServing
    } catch { return nil }
  }

  /// Begins the hub's new life, in which what was taken away after the copy is taken away again.
  ///
  /// - Returns: What was, and what the copy still gives.
  private func begin(
    _ timeline: String, in part: DatabaseFile, _ former: HubCopy?, _ ruling: Ruling
  ) throws -> AccessReport {
    let open = try OpenHub(path: part.path)
    var review = try AccessReview(
      of: open, on: CivilDay.inVietnam(milliseconds: ruling.wallMilliseconds))
    try review.take(takenAway)
    if let former { review.compare(with: former) }
    if !listing.json { try review.ask() }
    try open.hub.beginTimeline(timeline, ruling)
    let report = try AccessReport(review)
    try review.carryOut(former, ruling)
    return report
  }

  private func exchange(_ part: DatabaseFile, _ target: DatabaseFile, _ aside: String) throws {
    guard target.exists else { return try part.put(inPlaceOf: target, keeping: aside) }
    var hasRun = false
    do {
      try target.alone {
        hasRun = true
        try part.put(inPlaceOf: target, keeping: aside)
      }
    } catch let error as DatabaseError {
      if [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) { throw Self.isServing }
      if hasRun { throw error }
      // What is no database is open nowhere.
      try part.put(inPlaceOf: target, keeping: aside)
    }
  }

  private static let isServing = Failure(
    .busy,
    Phrase(
      vi: "Kho đang được dùng (thuan-hub serve hoặc một lệnh khác); không đụng đến gì.",
      en: "The hub is in use (thuan-hub serve or another command); nothing was touched.",
      uk: "Сховище використовується (thuan-hub serve чи інша команда); нічого не змінено."),
    hint: Phrase(
      vi: "Dừng máy chủ rồi chạy lại.", en: "Stop the server and run this again.",
      uk: "Зупиніть сервер і повторіть."))
}

/// What there is to say after a hub was put back.
private struct RestoreReport {
  let source: String
  let copy: HubCopy
  /// The hub that was there, if it could be read.
  let former: HubCopy?
  let aside: String?
  let timeline: String
  let access: AccessReport

  func write() {
    let last = copy.lastMilliseconds.map(localTime) ?? "–"
    Program.write(
      say(
        vi: "Đã khôi phục từ \(source): \(copy.changeSets) gói thay đổi, lần cuối \(last). Dòng "
          + "thời gian mới: \(timeline.prefix(8)).",
        en: "Restored from \(source): \(copy.changeSets) change sets, the last of \(last). New "
          + "timeline: \(timeline.prefix(8)).",
        uk:
          "Відновлено з \(source): наборів змін: \(copy.changeSets), останній \(last). Нова лінія "
          + "часу: \(timeline.prefix(8))."))
    if let aside {
      Program.write(
        say(
          vi: "Kho trước đó được cất ở \(aside).",
          en: "The hub that was there is kept as \(aside).",
          uk: "Попереднє сховище збережено: \(aside)."))
    }
    Program.write(
      say(
        vi: "Chạy lại thuan-hub serve. Ở lần đồng bộ tới, mỗi thiết bị tự nhận ra và gửi lại những "
          + "gì kho này không có; không phải làm gì trên thiết bị.",
        en: "Run thuan-hub serve again. With its next sync every device notices and offers again "
          + "what this hub does not have; nothing has to be done on the devices.",
        uk: "Знову запустіть thuan-hub serve. Під час наступної синхронізації кожен пристрій це "
          + "помітить і знову надішле те, чого тут немає; на пристроях нічого робити не треба."))
    Program.write(
      Style.bold(
        say(vi: "Phải xem bằng tay:", en: "To be looked at by hand:", uk: "Переглянути вручну:")))
    for line in byHand { Program.write("  • " + line) }
    access.write()
    for problem in copy.problems { Program.write(Style.bad("✗ ") + CheckCommand.sentence(problem)) }
  }

  /// The same for programs.
  var cell: Cell {
    .object(
      [
        ("source", .text(source)), ("change_sets", .integer(copy.changeSets)),
        ("last", copy.lastMilliseconds.map(Cell.instant) ?? .none), ("timeline", .text(timeline)),
        ("aside", .optional(aside)),
        (
          "lost",
          former.map { former in
            .object([
              ("change_sets", .integer(max(0, former.changeSets - copy.changeSets))),
              ("decisions", .integer(Int64(former.decisions(after: copy.changeSets)))),
              ("numbers", .list(lostNumbers.map(Cell.text))),
              ("devices", .list(lostDevices.map(Cell.text))),
            ])
          } ?? .none
        ),
      ] + access.cells + [
        ("problems", .list(copy.problems.map { .text(CheckCommand.sentence($0)) }))
      ])
  }

  private var lostDevices: [String] {
    (former?.devices ?? [:]).filter { copy.devices[$0.key] == nil }.map(\.value).sorted()
  }

  private var lostNumbers: [String] {
    (former?.numbers ?? [:]).filter { copy.numbers[$0.key] == nil }.map(\.value).sorted()
  }

  private var byHand: [String] {
    guard let former else {
      // Without the other hub nobody knows what it had; the rules hold all the same.
      return [decisions(nil), numbers([]), devices([])]
    }
    let lostSets = max(0, former.changeSets - copy.changeSets)
    let lost = say(
      vi:
        "Kho trước có thêm \(lostSets) gói thay đổi so với bản sao; đối chiếu sau khi mọi thiết bị "
        + "đã đồng bộ.",
      en: "The hub that was there had \(lostSets) more change sets than the copy; compare once all "
        + "devices have synced.",
      uk: "Попереднє сховище мало на \(lostSets) наборів змін більше; звірте, коли всі пристрої "
        + "синхронізуються.")
    return [
      lost, decisions(former.decisions(after: copy.changeSets)), numbers(lostNumbers),
      devices(lostDevices),
    ]
  }

  private func decisions(_ count: Int?) -> String {
    let known = count.map { " (\($0))" } ?? ""
    return say(
      vi: "Quyết định sau ngày sao lưu\(known): xung đột có thể mở lại; xem thuan-hub conflicts.",
      en:
        "Decisions since the backup\(known): conflicts may be open again; see thuan-hub conflicts.",
      uk: "Рішення після копії\(known): конфлікти можуть знову бути відкриті; див. thuan-hub "
        + "conflicts.")
  }

  private func numbers(_ lost: [String]) -> String {
    say(
      vi: "Số văn bản đã cấp sau ngày sao lưu: đối chiếu sổ đăng ký văn bản trước khi cấp số tiếp.",
      en: "Document numbers given out since: confirm them against the register before the next.",
      uk: "Номери документів, надані відтоді: звірте з журналом, перш ніж давати наступний.")
      + list(lost)
  }

  private func devices(_ lost: [String]) -> String {
    say(
      vi: "Thiết bị ghi danh sau ngày sao lưu: cấp mã mới (thuan-hub enrol), ghi danh lại.",
      en: "Devices enrolled since: give them a new code (thuan-hub enrol) and enrol them anew.",
      uk: "Пристрої, зареєстровані відтоді: новий код (thuan-hub enrol), зареєструвати знову.")
      + list(lost)
  }

  private func list(_ lines: [String]) -> String {
    var text = lines.prefix(20).map { "\n      " + $0 }.joined()
    if lines.count > 20 { text += "\n      … (\(lines.count))" }
    return text
  }
}
