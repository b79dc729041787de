import FieldModel
import SyncCore
import Terminal

extension RecordActions {
  /// Reference data comes from the hub, and is only read here.
  func requireWritable(_ kind: RecordKind) throws {
    guard kind.writing == .hubOnly else { return }
    throw Failure(
      .input,
      Phrase(
        vi: "“\(kind.title.vi)” do máy chủ tỉnh quản lý; ở đây chỉ xem.",
        en: "“\(kind.title.en)” is kept by the hub; here it can only be read.",
        uk: "«\(kind.title.uk)» веде хаб; тут можна лише переглядати."))
  }

  static func neverEdited(_ kind: RecordKind) -> Failure {
    let isEvent = kind.table == "recommendation_event"
    return Failure(
      .input,
      Phrase(
        vi: "“\(kind.title.vi)” chỉ ghi thêm, không sửa và không xóa.",
        en: "“\(kind.title.en)”: entries are only ever added, never changed or deleted.",
        uk: "«\(kind.title.uk)»: записи лише додають, не змінюють і не видаляють."),
      hint: isEvent
        ? Phrase(
          vi: "Ghi nhầm thì hủy: thuan event add NƠI-NHẬN --kind voided --voids MÃ --on NGÀY",
          en: "Void a wrong one: thuan event add ADDRESSEE --kind voided --voids ID --on DAY",
          uk: "Помилковий скасуйте: thuan event add АДРЕСАТ --kind voided --voids КОД --on ДЕНЬ")
        : Phrase(
          vi: "Ghi thêm một bản đúng.", en: "Add a right one.", uk: "Додайте правильний."))
  }

  /// What stands in a signed paper is changed by another paper.
  func requireThawed(_ record: Record, _ filled: FilledForm) throws {
    guard record["frozen_at"] != .null else { return }
    let frozen = record.kind.fields.first { field in
      field.traits.contains(.freezes) && filled.record[field.column] != nil
        && filled.record[field.column] != record[field.column]
    }
    guard let frozen else { return }
    let id = RecordID.short(record.id)
    throw Failure(
      .input,
      Phrase(
        vi: "“\(frozen.title.vi)” nằm trong văn bản đã ký nên không sửa được nữa.",
        en: "“\(frozen.title.en)” stands in a signed paper and cannot be changed any more.",
        uk: "«\(frozen.title.uk)» міститься в підписаному документі, його вже не змінити."),
      hint: Phrase(
        vi: "Đề nghị bổ sung thì ghi chú: thuan note add \(id) --text …",
        en: "Propose an addition in a note: thuan note add \(id) --text …",
        uk: "Запропонуйте доповнення в примітці: thuan note add \(id) --text …"))
  }

  func partNotWanted(_ kind: RecordKind, _ filled: FilledForm) -> Failure {
    let flags = (kind.part?.fields ?? []).filter { filled.part[$0.column] != nil }
      .map { "--\($0.flag)" }.joined(separator: " ")
    let condition = kind.part?.condition
    let option = "--\(condition?.column ?? "") \(condition?.value ?? "")"
    return Failure(
      .input,
      Phrase(
        vi: "\(flags) chỉ dùng với \(option).", en: "\(flags): only with \(option).",
        uk: "\(flags): лише з \(option)."))
  }

  static func missingParent(_ kind: RecordKind) -> Failure {
    let parent =
      kind.parentTable.flatMap(RecordKinds.of)?.title
      ?? Phrase(vi: "bản ghi", en: "record", uk: "запис")
    let command = kind.parentTable.flatMap(RecordKinds.of)?.command
    return Failure(
      .usage,
      Phrase(
        vi: "Thiếu mã: thuộc “\(parent.vi)” nào?", en: "Which “\(parent.en)” does it belong to?",
        uk: "До якого запису належить («\(parent.uk)»)?"),
      hint: command.map {
        Phrase(
          vi: "Xem mã: thuan \($0) list", en: "See the ids: thuan \($0) list",
          uk: "Коди: thuan \($0) list")
      })
  }

  static func noUnit(_ record: Record) -> Failure {
    Failure(
      .input,
      Phrase(
        vi: "Không biết bản ghi này thuộc địa bàn nào nên chưa ghi chú được.",
        en: "It is not known to which unit this record belongs, so there can be no note on it.",
        uk: "Невідомо, до якої території належить запис, тож примітку додати не можна."))
  }
}
