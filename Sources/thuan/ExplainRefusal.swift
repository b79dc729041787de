import FieldModel
import SyncCore
import Terminal

/// What the hub said no to, and what to do about it.
func explain(_ refusal: Refusal) -> Failure {
  switch refusal.code {
  case .unauthorised, .badSignature:
    Failure(
      .denied,
      Phrase(
        vi: "Máy chủ tỉnh không nhận ra máy này.", en: "The hub does not know this device.",
        uk: "Хаб не впізнає цей пристрій."), hint: .enrolAgain)
  case .revoked:
    Failure(
      .denied,
      Phrase(
        vi: "Thiết bị bị thu hồi và đã khóa: không nhận dữ liệu nữa. "
          + "Việc chưa gửi đã được nhận để xem xét.",
        en: "Device revoked and locked: it receives nothing any more. "
          + "Unsent work is taken in for review.",
        uk: "Пристрій відкликано й заблоковано: даних більше не буде. "
          + "Ненадіслане прийнято на розгляд."))
  case .codeUnknown, .codeUsed, .codeExpired: explain(code: refusal.code)
  case .schemaNewer, .protocolNewer:
    Failure(
      .denied,
      Phrase(
        vi: "Máy chủ tỉnh cũ hơn chương trình này nên chưa nhận được.",
        en: "The hub is older than this program and cannot take this in yet.",
        uk: "Хаб старіший за цю програму й ще не може прийняти дані."),
      hint: Phrase(
        vi: "Cứ ghi tiếp: không mất gì. Đề nghị người điều phối cập nhật máy chủ.",
        en: "Go on recording, nothing is lost. Ask the operator to update the hub.",
        uk: "Записуйте далі, нічого не втратиться. Попросіть оператора оновити хаб."))
  case .tooLarge:
    Failure(
      .input,
      Phrase(
        vi: "Một lần ghi quá lớn để gửi.", en: "One transaction is too large to send.",
        uk: "Один запис завеликий для надсилання."))
  case .stale where refusal.isRepeated: explainedRepetition
  case .stale:
    notTaken(
      Phrase(
        vi: "Máy chủ tỉnh cho rằng yêu cầu không phải của lúc này.",
        en: "The hub does not take the request for one of this moment.",
        uk: "Хаб не вважає запит теперішнім."))
  case .tooMany:
    notTaken(
      Phrase(
        vi: "Máy này hỏi máy chủ tỉnh quá nhiều lần; đợi vài phút.",
        en: "This device has asked the hub too often; wait a few minutes.",
        uk: "Пристрій звертався до хабу надто часто; зачекайте кілька хвилин."))
  case .unavailable, .internal:
    Failure(
      .unreachable,
      Phrase(
        vi: "Máy chủ tỉnh đang gặp sự cố (mã trong nhật ký của nó: \(refusal.detail)).",
        en: "The hub has trouble (its log says more under \(refusal.detail)).",
        uk: "На хабі збій (код у його журналі: \(refusal.detail))."),
      hint: .workIsKept)
  case .gap, .fork, .snapshotNeeded:
    notTaken(
      Phrase(
        vi: "Máy chủ tỉnh nhớ việc đã gửi của máy này khác với máy; chưa thống nhất được.",
        en:
          "The hub remembers this device’s work otherwise than the device; it is not settled yet.",
        uk: "Хаб пам’ятає роботу цього пристрою інакше; ще не узгоджено."))
  case .malformed:
    notTaken(
      Phrase(
        vi: "Máy chủ tỉnh không đọc được nội dung gửi đến.",
        en: "The hub cannot read what was sent.", uk: "Хаб не може прочитати надіслане."))
  case .notFound:
    notTaken(
      Phrase(
        vi: "Máy chủ ở địa chỉ này không có chức năng đó.",
        en: "What answers at this address does not know the request.",
        uk: "За цією адресою такого запиту не знають."))
  }
}

private func notTaken(_ what: Phrase) -> Failure {
  Failure(
    .unreachable, what,
    hint: Phrase(
      vi: "Việc đã ghi vẫn giữ trên máy. Thử lại; nếu vẫn vậy, báo người điều phối.",
      en: "Your work is kept here. Try again; if it stays so, tell the operator.",
      uk: "Ваша робота збережена тут. Спробуйте ще; якщо не допоможе — скажіть оператору."))
}

private func explain(code: Refusal.Code) -> Failure {
  let what =
    switch code {
    case .codeUsed:
      Phrase(
        vi: "Mã này đã dùng rồi.", en: "This code has been used.", uk: "Цей код уже використано.")
    case .codeExpired:
      Phrase(vi: "Mã này đã hết hạn.", en: "This code has expired.", uk: "Термін коду минув.")
    default:
      Phrase(
        vi: "Máy chủ tỉnh không có mã này.", en: "The hub does not know this code.",
        uk: "Хаб не знає цього коду.")
    }
  return Failure(
    .denied, what,
    hint: Phrase(
      vi: "Xin người điều phối mã khác.", en: "Ask the operator for another code.",
      uk: "Попросіть в оператора інший код."))
}
