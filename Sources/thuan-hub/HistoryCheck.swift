import ArgumentParser
import FieldModel
import SyncHub
import Terminal

/// The proof that the hub's history is what came.
struct HistoryOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Chứng minh rằng lịch sử không bị sửa, bỏ hay đảo thứ tự, và in ra đầu của nó.",
        en: "Prove that nothing in the history was altered, removed or reordered; prints its head.",
        uk: "Довести, що в історії нічого не змінено, не вилучено й не переставлено; друкує її "
          + "голову.")))
  var history = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Đầu đã ghi lại trước đây ở nơi khác; có thể lặp lại.",
        en: "A head that was taken down elsewhere before; may be repeated.",
        uk: "Голова, записана раніше деінде; можна повторювати."),
      valueName: say(vi: "đầu", en: "head", uk: "голова")))
  var head: [String] = []

  func validate() throws {
    if !head.isEmpty, !history {
      throw ValidationError(
        say(
          vi: "--head chỉ dùng cùng --history.", en: "--head goes with --history.",
          uk: "--head вживається разом із --history."))
    }
    _ = try heads()
  }

  private func heads() throws -> [HistoryHead] {
    try head.map { text in
      guard let head = HistoryHead(text) else {
        throw ValidationError(
          say(
            vi: "“\(text)” không phải là một đầu: cần SỐ:64 chữ số thập lục phân, như --history in "
              + "ra.",
            en:
              "“\(text)” is no head: NUMBER:64 hexadecimal digits are needed, as --history prints "
              + "them.",
            uk: "«\(text)» не є головою: потрібно НОМЕР:64 шістнадцяткові цифри, як друкує "
              + "--history."))
      }
      return head
    }
  }

  /// Proves the history, and says what came of it.
  func check(_ hub: Hub, asJSON: Bool) throws {
    let proof = try hub.verifyHistory(against: heads())
    let (head, flaw) = (proof.head, proof.flaw)
    if asJSON {
      Program.write(
        Cell.object([
          ("head", .text(head.description)), ("change_sets", .integer(head.number)),
          ("flaw", flaw.map { .text($0.kind.rawValue) } ?? Cell.none),
          ("number", flaw.map { .integer($0.number) } ?? Cell.none),
          ("covered_from", proof.covered.map { .integer($0) } ?? Cell.none),
          ("erased", .list(proof.erased.map { .integer($0) })),
        ]).json)
    }
    if let flaw { throw flaw.failure }
    if asJSON { return }
    Program.write(
      Style.good(
        say(
          vi: "Lịch sử nguyên vẹn: \(head.number) gói thay đổi.",
          en: "The history is whole: \(head.number) change sets.",
          uk: "Історія ціла: наборів змін — \(head.number).")))
    for line in proof.remarks { Program.write(Style.faint(line)) }
    let title = say(vi: "Đầu", en: "Head", uk: "Голова")
    Program.write("\(title): \(head)")
  }
}

extension HistoryProof {
  /// What is to be known of a history that is whole.
  fileprivate var remarks: [String] {
    var remarks: [String] = []
    if let covered, covered > 1 {
      remarks.append(
        say(
          vi: "Chuỗi bao gồm cả cán bộ và kết quả từ số \(covered).",
          en: "The chain covers officers and outcomes from no. \(covered) on.",
          uk: "Ланцюг охоплює працівників і наслідки від № \(covered)."))
    }
    if !erased.isEmpty {
      let numbers = erased.map(String.init).joined(separator: ", ")
      remarks.append(
        say(
          vi: "Nội dung đã xóa theo luật, có ghi nhận: số \(numbers).",
          en: "Erased by law, on record: no. \(numbers).",
          uk: "Стерто за законом, із записом: № \(numbers)."))
    }
    return remarks
  }
}

extension HistoryFlaw {
  fileprivate var failure: Failure {
    Failure(
      .problems,
      Phrase(
        vi: "Lịch sử sai từ gói thay đổi số \(number): \(reason.vi)",
        en: "The history is wrong from change set \(number) on: \(reason.en)",
        uk: "Історія хибна від набору змін \(number): \(reason.uk)"),
      hint: Phrase(
        vi:
          "Giữ một bản sao của thư mục dữ liệu, rồi so với các bản sao lưu và các đầu đã ghi lại.",
        en:
          "Keep a copy of the data folder, and compare it with backups and with heads taken down.",
        uk: "Збережіть копію теки даних і порівняйте з резервними копіями та записаними головами."))
  }

  private var reason: Phrase {
    switch kind {
    case .missing:
      Phrase(vi: "nó không còn nữa.", en: "it is not there.", uk: "його немає.")
    case .altered:
      Phrase(
        vi: "nội dung không phải là nội dung đã nhận.", en: "its bytes are not those that came.",
        uk: "його байти не ті, що надійшли.")
    case .outOfChain:
      Phrase(
        vi: "nó không khớp với chuỗi.", en: "it does not fit the chain.",
        uk: "воно не пасує до ланцюга.")
    case .misfiled:
      Phrase(
        vi: "nó được ghi dưới tên thiết bị khác hay ở vị trí khác.",
        en: "it is filed under another device or in another place.",
        uk: "його записано під іншим пристроєм або на іншому місці.")
    case .outOfStream:
      Phrase(
        vi: "nó không nối tiếp gói trước của cùng thiết bị.",
        en: "it does not go on from its device’s last one.",
        uk: "воно не продовжує попередній набір того ж пристрою.")
    case .cutOff:
      Phrase(
        vi: "phần cuối đã bị cắt bỏ.", en: "the end has been cut off.", uk: "кінець відрізано.")
    case .unsaid:
      Phrase(
        vi: "nó bị đánh dấu là đã bỏ qua mà không có việc nào ghi lại điều đó.",
        en: "it is marked as dismissed, and no act on record says so.",
        uk: "його позначено як відхилене, а жодна записана дія цього не каже.")
    case .otherThanHead:
      Phrase(
        vi:
          "nó khác với đầu đã ghi lại. Nếu máy chủ từng được phục hồi từ bản sao trước đó, đầu ấy "
          + "thuộc về phần đã mất.",
        en:
          "it is not what the head taken down says. If the hub was put back from an earlier copy, "
          + "that head belongs to what was lost.",
        uk: "воно не те, що каже записана голова. Якщо хаб відновлено з давнішої копії, та голова "
          + "належить утраченому.")
    }
  }
}
