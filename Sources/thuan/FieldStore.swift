import ArgumentParser
import FieldModel
import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import SyncSQLite
import Terminal

/// The options that every command has.
struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tệp dữ liệu (mặc định: $THUAN_STORE hoặc ~/.thuan/thuan.db).",
        en: "The store's file (default: $THUAN_STORE or ~/.thuan/thuan.db).",
        uk: "Файл даних (типово: $THUAN_STORE або ~/.thuan/thuan.db)."),
      valueName: say(vi: "đường-dẫn", en: "path", uk: "шлях")))
  var store: String?

  @Option(
    help: ArgumentHelp(
      say(vi: "Ngôn ngữ.", en: "The language.", uk: "Мова."), valueName: "vi|en|uk"))
  var lang: String?

  func validate() throws {
    guard let lang, Language(rawValue: lang.lowercased()) == nil else { return }
    throw ValidationError(
      say(
        vi: "--lang \(lang): có vi, en, uk.", en: "--lang \(lang): there are vi, en, uk.",
        uk: "--lang \(lang): є vi, en, uk."))
  }
}

/// Whether a listing is for programs.
struct JSONOption: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "In JSON cho chương trình khác đọc.", en: "Print JSON for programs.",
        uk: "Вивести JSON для програм.")))
  var json = false
}

/// The officer's store, opened, and what goes with it.
struct FieldStore {
  let store: DeviceStore
  let path: String
  let identity: DeviceIdentity?
  /// Whether the store was enrolled, but what makes it known to the hub is gone or unreadable.
  let hasLostIdentity: Bool
  /// What is to be said of it; nothing if it is there, or has never been.
  let identityTrouble: Phrase?
  /// The officer's id; empty before enrolment, when nobody is known yet.
  let officer: String
  /// What the machine's clock showed when the command began.
  let now: Int64
  /// Whether the store, or the identity, turned out to have been put back or copied by hand.
  let isRenewed: Bool

  /// Opens the store, which is made if it is not there.
  ///
  /// - Parameters:
  ///   - path: The option, if it was given.
  ///   - evenLocked: Whether the command shows nothing of what is recorded, so that it may run on a
  ///     device that the hub has revoked.
  /// - Throws: `StoreError`, `DatabaseError`; see `explain(_:)`.
  init(_ path: String?, evenLocked: Bool = false) throws {
    let named = Self.namedPath(path)
    let path = DatabaseFile.real(named)
    let now = wallClock()
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard StoreLock.hold(path) else { throw Self.isBeingReplaced }
    try Self.adopt(companionsOf: named, beside: path)
    let store = try Self.open(path, now)
    _ = try finishEnrolment(store: store, path: path)
    isRenewed = try store.renewLife(
      besideStore: path, incarnation: UUID().uuidString.lowercased(),
      epoch: .random(in: 1...Int(Int32.max)), wallMilliseconds: now)
    if try !evenLocked && store.isLocked() { throw Self.isLocked }
    self.store = store
    self.path = path
    self.now = now
    identity = DeviceIdentity.usable(besideStore: path)
    let owner = try store.owner()
    officer = owner?.officer ?? ""
    hasLostIdentity = owner != nil && identity == nil
    identityTrouble =
      !hasLostIdentity
      ? nil
      : DeviceIdentity.isDamaged(besideStore: path)
        ? .identityDamaged(DeviceIdentity.file(besideStore: path)) : .identityLost
    try warnOfClock()
    if isRenewed {
      for notice in Notices.new(try store.events().filter({ $0.atMilliseconds == now })) {
        Program.write(Style.warning(notice), toErrors: true)
      }
    }
  }

  /// Opens a file as a store.
  static func open(_ path: String, _ now: Int64) throws -> DeviceStore {
    try DeviceStore(
      path: path, migrations: FieldSchema.migrations, schema: try FieldSchema.load(),
      wallMilliseconds: now)
  }

  /// Older programs put beside a link what belongs to the file that it leads to.
  private static func adopt(companionsOf link: String, beside path: String) throws {
    if link == path { return }
    let files = FileManager.default
    for ending in [".identity", ".enrolment", ".enrolling-key"]
    where files.fileExists(atPath: link + ending) && !files.fileExists(atPath: path + ending) {
      try files.moveItem(atPath: link + ending, toPath: path + ending)
    }
  }

  private static let isBeingReplaced = Failure(
    .busy,
    Phrase(
      vi: "Dữ liệu đang được khôi phục.", en: "The store is being put back from a backup.",
      uk: "Дані зараз відновлюються з копії."),
    hint: Phrase(vi: "Thử lại sau.", en: "Try again.", uk: "Спробуйте пізніше."))

  private static let isLocked = Failure(
    .denied,
    Phrase(
      vi: "Thiết bị bị thu hồi và đã khóa.", en: "Device revoked and locked.",
      uk: "Пристрій відкликано й заблоковано."),
    hint: Phrase(
      vi: "thuan sync vẫn gửi việc chưa gửi; mã mới của người điều phối mở lại (thuan enrol).",
      en: "thuan sync still sends unsent work; a new code unlocks it (thuan enrol).",
      uk: "thuan sync ще надсилає ненадіслане; новий код оператора розблокує (thuan enrol)."))

  /// The store's file: the one that its name leads to, where that is a link.
  static func path(_ option: String?) -> String { DatabaseFile.real(namedPath(option)) }

  /// Where the store is: the option, else `THUAN_STORE`, else the home folder.
  private static func namedPath(_ option: String?) -> String {
    let environment = ProcessInfo.processInfo.environment["THUAN_STORE"]
    let wanted = option ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? "~/.thuan/thuan.db"
    return NSString(string: wanted).expandingTildeInPath
  }

  /// Today in Vietnam, by the machine's clock.
  var today: String { CivilDay.inVietnam(milliseconds: now) }

  /// Reads with names resolved as of a day.
  func read<T>(on day: String? = nil, _ body: (Lookup, Database) throws -> T) throws -> T {
    try store.read { db in try body(Lookup(db, day: day ?? today), db) }
  }

  /// Writes what one command does, as one transaction of the officer.
  func write<T>(knowing base: Int64? = nil, _ body: (RecordWriter, Database) throws -> T) throws
    -> T
  {
    let milliseconds = wallClock()
    let author = Author(officer: officer, wallMilliseconds: milliseconds)
    return try store.write(by: author, knowing: base) { db in
      try body(RecordWriter(db, officer: officer, milliseconds: milliseconds), db)
    }
  }

  /// The id of a new record.
  func newID() -> String {
    var random = SystemRandomNumberGenerator()
    return RecordID.make(milliseconds: wallClock(), using: &random)
  }

  /// Wrong clocks never block work; they are only said.
  private func warnOfClock() throws {
    let seen = try store.read { db in
      try db.first("SELECT value FROM thuan_setting WHERE name = 'hubTime'")?.value(at: 0).integer
    }
    let earliest = max(seen ?? 0, Self.released)
    guard now < earliest - SyncLimits.clockOffsetMilliseconds else { return }
    let text = say(
      vi: "Đồng hồ thiết bị sai: máy đang chỉ \(localTime(now)), trước \(localTime(earliest)). "
        + "Vẫn ghi được bình thường; nên chỉnh lại giờ.",
      en: "Device clock is wrong: it shows \(localTime(now)), before \(localTime(earliest)). "
        + "You can go on working; better set it right.",
      uk: "Годинник пристрою неправильний: \(localTime(now)), раніше за \(localTime(earliest)). "
        + "Працювати можна; краще виправте час.")
    Program.write(Style.warning(text), toErrors: true)
  }

  /// 1 January 2026: no clock that is right shows an earlier time to this program.
  private static let released: Int64 = 1_767_225_600_000
}
