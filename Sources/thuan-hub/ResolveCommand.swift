import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct ResolveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: say(
      vi: "Quyết định về một xung đột.", en: "Decide about a conflict.", uk: "Вирішити конфлікт."),
    discussion: say(
      vi: """
        Khác giá trị: --current, --take N, --write CỘT=GIÁ TRỊ …

        Đã xóa ở nơi này, đã sửa ở nơi khác: --keep, --delete

        Nghi trùng lặp, trùng số, vi phạm ràng buộc: --both (để nguyên), --amend BẢN-GHI \
        CỘT=GIÁ TRỊ … (ví dụ --amend 8a7b6c5d status=duplicate)
        """,
      en: """
        Different values: --current, --take N, --write COLUMN=VALUE …

        Deleted here, edited there: --keep, --delete

        Possible duplicate, number clash, rule broken: --both (leave as it is), --amend RECORD \
        COLUMN=VALUE … (such as --amend 8a7b6c5d status=duplicate)
        """,
      uk: """
        Різні значення: --current, --take N, --write СТОВПЕЦЬ=ЗНАЧЕННЯ …

        Видалено тут, змінено там: --keep, --delete

        Можливий дублікат, збіг номера, порушення правила: --both (лишити так), --amend ЗАПИС \
        СТОВПЕЦЬ=ЗНАЧЕННЯ … (наприклад, --amend 8a7b6c5d status=duplicate)
        """))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions
  @OptionGroup var questions: RaisedQuestionOptions

  @Argument(help: conflictHelp)
  var id: String

  @Flag(
    help: ArgumentHelp(
      say(vi: "Giữ giá trị đang dùng.", en: "Keep what is live.", uk: "Залишити чинне.")))
  var current = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Lấy ý kiến số N.", en: "Take statement N.", uk: "Узяти твердження N."),
      valueName: "n"))
  var take: Int?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      say(
        vi: "Tự soạn giá trị; cột không nêu giữ như đang dùng.",
        en: "Write values; columns that are not named stay as they are live.",
        uk: "Скласти значення; неназвані стовпці лишаються чинними."),
      valueName: say(vi: "cột=giá-trị", en: "column=value", uk: "стовпець=значення")))
  var write: [String] = []

  @Flag(
    help: ArgumentHelp(
      say(vi: "Bản ghi sống tiếp.", en: "The record lives on.", uk: "Запис лишається.")))
  var keep = false

  @Flag(
    help: ArgumentHelp(
      say(vi: "Xác nhận xóa.", en: "Confirm the deletion.", uk: "Підтвердити видалення.")))
  var delete = false

  @Flag(
    help: ArgumentHelp(
      say(vi: "Giữ cả hai như vậy.", en: "Both stay as they are.", uk: "Залишити обидва.")))
  var both = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      say(
        vi: "Sửa một trong hai bản ghi.", en: "Give one of the two records other values.",
        uk: "Змінити один із двох записів."),
      valueName: say(
        vi: "bản-ghi cột=giá-trị", en: "record column=value", uk: "запис стовпець=значення")))
  var amend: [String] = []

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Phiên bản xung đột đã xem (mặc định: phiên bản hiển thị gần nhất).",
        en: "The conflict's version that was seen (default: the one shown last).",
        uk: "Переглянута версія конфлікту (типово: показана останньою).")))
  var version: Int64?

  func validate() throws {
    let choices = [
      current, take != nil, !write.isEmpty, keep, delete, both, !amend.isEmpty,
    ]
    guard choices.filter({ $0 }).count == 1 else {
      throw ValidationError(
        say(
          vi: "Chọn đúng một cách xử lý.", en: "Choose exactly one way to decide.",
          uk: "Виберіть рівно один спосіб."))
    }
  }

  func run() throws {
    let open = try options.open()
    let conflict = try open.conflict(id)
    let ruling = try rulingOptions.ruling()
    guard conflict.state.isOpen else { throw HubError.alreadyDecided }
    let choice = try choice(about: conflict, open)
    let seen = try version ?? open.hub.versionShown(of: conflict.id, to: ruling.by)
    Program.write(try open.text(of: conflict))
    open.noteShown([conflict], to: ruling.by)
    guard let seen else { throw Self.neverShown }
    do {
      try open.decide(questions) { accepted in
        try open.hub.resolve(conflict.id, version: seen, choice, ruling, accepting: accepted)
      }
    } catch HubError.versionChanged(let now) {
      // It may have changed since it was printed above.
      let fresh = try open.hub.conflict(conflict.id)
      if fresh.version != conflict.version {
        Program.write("\n" + (try open.text(of: fresh)))
        open.noteShown([fresh], to: ruling.by)
      }
      throw HubError.versionChanged(now)
    }
    try report(open, conflict, ruling)
  }

  private static let neverShown = Failure(
    .changed,
    Phrase(
      vi: "Chưa quyết định gì: xung đột này chưa được xem. Nay nó hiện ở trên.",
      en: "Nothing was decided: nobody had looked at this conflict. It stands above now.",
      uk: "Нічого не вирішено: цей конфлікт ще не переглянуто. Тепер він вище."),
    hint: Phrase(
      vi: "Xem rồi thì gõ lại lệnh.", en: "Having looked, type the command again.",
      uk: "Переглянувши, повторіть команду."))

  private func report(_ open: OpenHub, _ conflict: Conflict, _ ruling: Ruling) throws {
    let after = try open.hub.conflict(conflict.id)
    Program.write(
      say(
        vi: "Đã xử lý (\(ruling.by)): ", en: "Decided (\(ruling.by)): ",
        uk: "Вирішено (\(ruling.by)): ")
        + (after.decision.map { $0.words(about: after) } ?? after.state.words).text)
    if conflict.otherKey == nil, !conflict.unit.isEmpty {
      Program.write(
        "  \(Phrase.liveValue.text): \(Style.good(try open.fields(after.live, of: after)))")
    }
  }

  private func choice(about conflict: Conflict, _ open: OpenHub) throws -> Choice {
    guard let table = open.hub.schema.table(named: conflict.table) else { throw HubError.notFound }
    if current { return .current }
    if let take {
      guard conflict.statements.contains(where: { $0.position == take && !$0.isDeletion }) else {
        throw Failure(
          .input,
          Phrase(
            vi: "Xung đột này không có ý kiến số \(take) để lấy.",
            en: "This conflict has no statement \(take) to take.",
            uk: "У цьому конфлікті немає твердження \(take), яке можна взяти."))
      }
      return .candidate(take)
    }
    // A finding about one record has nothing to delete: keeping it is letting it stand.
    if keep { return conflict.otherKey == nil ? .keepRow : .both }
    if delete { return .deleteRow }
    if both { return .both }
    if let record = amend.first { return try amendment(of: record, conflict, table) }
    var values = conflict.live
    for entry in try write.map({ try ValueEntry($0, table: table) }) {
      guard let index = conflict.columns.firstIndex(of: entry.column), index < values.count else {
        throw Failure(
          .input,
          Phrase(
            vi: "Cột “\(entry.column)” không thuộc xung đột này.",
            en: "Column “\(entry.column)” is no part of this conflict.",
            uk: "Стовпець «\(entry.column)» не належить до цього конфлікту."),
          hint: Phrase(
            vi: conflict.columns.joined(separator: ", "),
            en: conflict.columns.joined(separator: ", "),
            uk: conflict.columns.joined(separator: ", ")))
      }
      values[index] = entry.value
    }
    return .written(values)
  }

  private func amendment(of record: String, _ conflict: Conflict, _ table: TableSchema) throws
    -> Choice
  {
    let keys = [conflict.key] + [conflict.otherKey].compactMap { $0 == conflict.key ? nil : $0 }
    let key = try Abbreviation.find(
      record, among: keys, id: \.description, describe: \.description)
    guard amend.count > 1 else {
      throw Failure(
        .usage,
        Phrase(
          vi: "Sau --amend cần ít nhất một CỘT=GIÁ TRỊ.",
          en: "--amend needs at least one COLUMN=VALUE.",
          uk: "Після --amend потрібне щонайменше одне СТОВПЕЦЬ=ЗНАЧЕННЯ."))
    }
    let entries = try amend.dropFirst().map { try ValueEntry($0, table: table) }
    return .amend(
      key, Dictionary(entries.map { ($0.column, $0.value) }) { _, last in last })
  }
}
