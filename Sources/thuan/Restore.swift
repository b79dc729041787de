import ArgumentParser
import FieldModel
import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import SyncSQLite
import Terminal

/// The command `thuan restore FILE`.
struct Restore: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Khôi phục dữ liệu trên máy từ bản sao lưu.", en: "Put the store back from a backup.",
        uk: "Відновити дані з резервної копії."),
      discussion: say(
        vi: """
          Bản sao được kiểm tra trước. Dữ liệu đang có không bị xóa: được cất sang tên có ngày giờ \
          bên cạnh. Sau đó chạy thuan sync: máy nhận lại từ máy chủ tỉnh những gì nó đã gửi sau \
          ngày sao lưu, và gửi những gì trong bản sao chưa được gửi; không mất, không gửi trùng.

          Nếu dữ liệu đang có còn việc chưa gửi thì dừng lại; thêm --replace nếu vẫn muốn, việc đó \
          nằm trong tệp được cất. Cũng dùng được với tệp chép tay (cp), không chỉ của thuan backup.
          """,
        en: """
          The copy is checked first. The store that is there is not deleted: it is put aside under \
          a dated name beside it. Then run thuan sync: the device gets back from the hub what it \
          had sent after the backup, and sends what the copy holds unsent; nothing is lost or \
          sent twice.

          If the store that is there holds unsent work, nothing is done; --replace does it all the \
          same, and that work is in the file that was put aside. Files copied by hand will do, not \
          only those of thuan backup.
          """,
        uk: """
          Спершу копію перевіряють. Наявні дані не видаляються: їх відкладено поруч під назвою з \
          датою. Потім запустіть thuan sync: пристрій отримає з хабу надіслане після копії й \
          надішле те, чого в копії ще не надіслано; нічого не втратиться й не подвоїться.

          Якщо в наявних даних є ненадіслане, нічого не робиться; --replace робить це однаково, і \
          те ненадіслане лишається у відкладеному файлі. Годиться й файл, скопійований вручну.
          """))
  }

  @OptionGroup var common: CommonOptions
  @Argument(
    help: ArgumentHelp(
      say(vi: "Bản sao lưu.", en: "The backup.", uk: "Резервна копія."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var file: String
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Thay cả khi dữ liệu đang có còn việc chưa gửi.",
        en: "Replace the store even if it holds unsent work.",
        uk: "Замінити, навіть якщо є ненадіслане.")))
  var replace = false

  func run() throws {
    let restoration = try Restoration(
      of: NSString(string: file).expandingTildeInPath, to: FieldStore.path(common.store))
    Program.write(try restoration.run(isReplacing: replace))
  }
}

/// A copy on its way into a store's place.
private struct Restoration {
  private let source: DatabaseFile
  private let target: DatabaseFile
  private let part: DatabaseFile
  private let now = wallClock()

  /// Who the store is afterwards.
  private enum Outcome: Equatable {
    /// The device whose identity lies beside it.
    case device
    /// The device whose identity lies beside the copy: a whole folder was copied, or put away.
    case copied(DeviceIdentity)
    /// Nobody yet.
    case nobody
    /// A device whose identity is not there.
    case strayed
  }

  init(of source: String, to target: String) throws {
    self.source = DatabaseFile(source)
    self.target = DatabaseFile(target)
    part = DatabaseFile(target + ".restoring")
    guard self.source.exists else {
      throw Failure(
        .store,
        Phrase(
          vi: "Không có tệp \(source).", en: "There is no file \(source).",
          uk: "Немає файлу \(source)."))
    }
    let same = [source, target].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    guard same[0] != same[1] else {
      throw Failure(
        .usage,
        Phrase(
          vi: "Đó chính là tệp dữ liệu đang dùng.", en: "That is the store itself.",
          uk: "Це і є самі дані."))
    }
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: target).deletingLastPathComponent(),
      withIntermediateDirectories: true)
  }

  func run(isReplacing: Bool) throws -> String {
    guard StoreLock.hold(target.path, isAlone: true, patienceMilliseconds: 2_000) else {
      throw Failure(
        .busy,
        Phrase(
          vi: "Dữ liệu đang được một lệnh thuan khác dùng.",
          en: "Another thuan command is using the store.",
          uk: "Дані зараз використовує інша команда thuan."),
        hint: Phrase(
          vi: "Dừng nó (chẳng hạn thuan sync --watch) rồi chạy lại.",
          en: "Stop it (perhaps thuan sync --watch) and run this again.",
          uk: "Зупиніть її (може, thuan sync --watch) і повторіть."))
    }
    defer { try? part.remove() }
    try takeCopy()
    let present = try lookAtPresent(isReplacing)
    let (outcome, status) = try prepare(present: present)
    try part.fold()
    let aside = target.datedName(now)
    try alone {
      try exchangeIdentity(outcome, aside: aside)
      try part.put(inPlaceOf: target, keeping: aside)
    }
    return report(outcome, status, aside: present.isThere ? aside : nil)
  }

  // MARK: The copy

  /// Copies the copy and makes sure that it can be the store.
  private func takeCopy() throws {
    try source.copy(to: part)
    do {
      try part.fold()
      let tables = try part.tables()
      guard tables.isSuperset(of: ["thuan_outbox", "thuan_setting", "session"]) else {
        throw Failure(
          .store,
          Phrase(
            vi: "\(source.path) không phải dữ liệu của thuan; không đụng đến gì.",
            en: "\(source.path) is no store of thuan; nothing was touched.",
            uk: "\(source.path) — не дані thuan; нічого не змінено."))
      }
      let damage = try part.damage()
      guard damage.isEmpty else { throw isDamaged(damage[0]) }
    } catch let error as DatabaseError {
      throw isDamaged(error.message ?? "")
    }
  }

  private func isDamaged(_ detail: String) -> Failure {
    Failure(
      .store,
      Phrase(
        vi: "Bản sao \(source.path) bị hỏng (\(detail)); không đụng đến gì.",
        en: "The copy \(source.path) is damaged (\(detail)); nothing was touched.",
        uk: "Копія \(source.path) пошкоджена (\(detail)); нічого не змінено."),
      hint: Phrase(
        vi: "Dùng bản sao khác.", en: "Use another copy.", uk: "Візьміть іншу копію."))
  }

  /// Makes the copy the store that it is going to be, before it is in its place.
  private func prepare(present: Present) throws -> (Outcome, StoreStatus) {
    let store = try FieldStore.open(part.path, now)
    let identity = Self.identity(beside: target)
    let epoch = Int.random(in: 1...Int(Int32.max))
    var outcome = Outcome.strayed
    if let device = try store.owner()?.device {
      var incarnation: String?
      if let identity, identity.device == device {
        (outcome, incarnation) = (.device, identity.incarnation)
      } else if let identity = Self.identity(beside: source), identity.device == device {
        (outcome, incarnation) = (.copied(identity), identity.incarnation)
      }
      try store.beginLife(incarnation: incarnation, epoch: epoch, wallMilliseconds: now)
    } else if let identity, let officer = present.officer, identity.device == present.device {
      // The copy is older than the enrolment.
      try store.enrol(identity, officer: officer, epoch: epoch, wallMilliseconds: now)
      outcome = .device
    } else {
      outcome = .nobody
    }
    // A copy from before the hub said so must not show what it has locked.
    if present.isLocked, try (store.owner()?.device ?? present.device) == present.device {
      try store.lock(wallMilliseconds: now)
    }
    return (outcome, try store.status(wallMilliseconds: now))
  }

  private static func identity(beside store: DatabaseFile) -> DeviceIdentity? {
    DeviceIdentity.usable(besideStore: store.path)
  }

  /// An identity that is not the restored store's goes with the store that it belongs to.
  private func exchangeIdentity(_ outcome: Outcome, aside: String) throws {
    if outcome == .device { return }
    let file = DeviceIdentity.file(besideStore: target.path)
    if FileManager.default.fileExists(atPath: file) {
      try FileManager.default.moveItem(
        atPath: file, toPath: DeviceIdentity.file(besideStore: aside))
    }
    if case .copied(let identity) = outcome { try identity.save(besideStore: target.path) }
  }

  // MARK: The store that is there

  private struct Present {
    var isThere = false
    var device: String?
    var officer: String?
    /// Whether the hub has told the device to lock what it holds.
    var isLocked = false
  }

  private func lookAtPresent(_ isReplacing: Bool) throws -> Present {
    guard target.exists else { return Present() }
    let waiting: Int
    var present = Present(isThere: true)
    do {
      let store = try FieldStore.open(target.path, now)
      let status = try store.status(wallMilliseconds: now)
      waiting = status.waitingChangeSets + status.waiting.rows.count + status.waiting.dependents
      present.isLocked = status.isLocked
      if let owner = try store.owner() { (present.device, present.officer) = owner }
    } catch let error as DatabaseError
      where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode)
    {
      throw error
    } catch {
      // It cannot be read: that may be why somebody is here. It is kept all the same.
      return present
    }
    guard waiting == 0 || isReplacing else {
      throw Failure(
        .input,
        Phrase(
          vi: "Dữ liệu đang có còn \(waiting) lần ghi chưa gửi; không đụng đến gì.",
          en:
            "The store that is there holds unsent transactions (\(waiting)); nothing was touched.",
          uk: "У наявних даних є ненадіслані записи (\(waiting)); нічого не змінено."),
        hint: Phrase(
          vi: "Chạy thuan sync trước; hoặc thêm --replace, việc đó nằm trong tệp được cất.",
          en: "Run thuan sync first; or add --replace: that work stays in the file put aside.",
          uk: "Спершу thuan sync; або додайте --replace: це лишиться у відкладеному файлі."))
    }
    return present
  }

  /// Runs the exchange while no program at all has the present store open.
  private func alone(_ body: () throws -> Void) throws {
    guard target.exists else { return try body() }
    var hasRun = false
    do {
      try target.alone {
        hasRun = true
        try body()
      }
    } catch let error as DatabaseError {
      if hasRun || [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) { throw error }
      // What is no database is open nowhere.
      try body()
    }
  }

  // MARK: Words

  private func report(_ outcome: Outcome, _ status: StoreStatus, aside: String?) -> String {
    let contact =
      status.lastContactMilliseconds.map(localTime)
      ?? say(vi: "chưa bao giờ", en: "never", uk: "ніколи")
    var lines = [
      say(
        vi: "Đã khôi phục từ bản sao lưu \(source.path).",
        en: "Restored from backup: \(source.path).",
        uk: "Відновлено з резервної копії: \(source.path)."),
      say(
        vi: "Lần đồng bộ cuối trong bản sao: \(contact); chưa gửi: \(status.waitingChangeSets).",
        en: "Last sync in the copy: \(contact); unsent transactions: \(status.waitingChangeSets).",
        uk: "Остання синхронізація в копії: \(contact); ненадіслано: \(status.waitingChangeSets)."),
    ]
    if let aside {
      lines.append(
        say(
          vi: "Dữ liệu trước đó được cất ở \(aside). Muốn lấy lại: thuan restore \(aside)",
          en: "The store that was there is kept as \(aside). To go back: thuan restore \(aside)",
          uk: "Попередні дані збережено: \(aside). Щоб повернути: thuan restore \(aside)"))
    }
    lines.append(next(outcome))
    return lines.joined(separator: "\n")
  }

  private func next(_ outcome: Outcome) -> String {
    switch outcome {
    case .device, .copied:
      say(
        vi: "Tiếp theo: thuan sync. Máy sẽ nhận lại từ máy chủ tỉnh những gì đã gửi sau ngày sao "
          + "lưu; không phải nhập lại.",
        en: "Next: thuan sync. It brings back from the hub what was sent after the backup; nothing "
          + "has to be entered again.",
        uk: "Далі: thuan sync. Хаб поверне надіслане після копії; нічого не треба вводити знову.")
    case .nobody, .strayed:
      say(
        vi: "Ở đây không có danh tính của máy đã ghi dữ liệu này, nên chưa đồng bộ được. Tiếp "
          + "theo: xin người điều phối mã ghi danh mới, rồi thuan enrol ĐỊA-CHỈ MÃ",
        en: "The identity of the device that wrote this is not here, so it cannot sync yet. Next: "
          + "ask the operator for a new code, then thuan enrol URL CODE",
        uk: "Тут немає ідентичності пристрою, що писав ці дані, тож синхронізації ще немає. Далі: "
          + "попросіть в оператора новий код, тоді thuan enrol АДРЕСА КОД")
    }
  }
}
