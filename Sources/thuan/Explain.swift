import FieldModel
import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import Terminal

/// Errors of the program's parts, in words; nothing for an error that nobody expected.
func explain(_ error: any Error) -> Failure? {
  switch error {
  case let problem as RecordProblem:
    Failure(problem.kind == .notFound ? .notFound : .input, problem.what, hint: problem.hint)
  case let error as StoreError: explain(store: error)
  case let error as DatabaseError: explain(database: error)
  case let error as HubUnavailable: explain(hub: error)
  case let refusal as Refusal: explain(refusal)
  case let failure as EnrolmentFailure: explain(enrolment: failure)
  case let refusal as RelocationRefusal: explain(refusal)
  case is HubAddressError:
    Failure(
      .usage,
      Phrase(
        vi: "Địa chỉ máy chủ không hợp lệ.", en: "That is no address of a hub.",
        uk: "Це не адреса хабу."),
      hint: Phrase(
        vi: "Dạng: https://ten-may-chu", en: "Write https://name-of-the-hub",
        uk: "Пишіть https://назва-хабу"))
  case let error as SchemaError: .schemaMismatch(error.description)
  case is WireError:
    Failure(
      .unreachable,
      Phrase(
        vi: "Máy chủ trả lời không hiểu được; không có gì bị thay đổi.",
        en: "The answer makes no sense; nothing was changed.",
        uk: "Відповідь незрозуміла; нічого не змінено."))
  case is DecodingError:
    Failure(
      .store,
      Phrase(
        vi: "Tệp ghi danh dở dang (.enrolment) bị hỏng.",
        en: "The file of an unfinished enrolment (.enrolment) is damaged.",
        uk: "Файл незавершеної реєстрації (.enrolment) пошкоджено."),
      hint: Phrase(
        vi: "Đổi tên tệp đó rồi ghi danh lại bằng mã mới.",
        en: "Rename that file and enrol again with another code.",
        uk: "Перейменуйте цей файл і зареєструйтеся з новим кодом."))
  case let error as CocoaError: .file(error)
  default: nil
  }
}

private func explain(store error: StoreError) -> Failure {
  switch error {
  case .writtenByNewerProgram:
    Failure(
      .store,
      Phrase(
        vi: "Tệp dữ liệu do phiên bản mới hơn của chương trình ghi.",
        en: "The store was written by a newer version of this program.",
        uk: "Дані записано новішою версією програми."),
      hint: Phrase(
        vi: "Hãy cập nhật chương trình.", en: "Update the program.", uk: "Оновіть програму."))
  case .transactionTooLarge:
    Failure(
      .input,
      Phrase(
        vi: "Lần ghi này quá lớn để gửi đi nguyên vẹn (trên 63 MB); chưa ghi gì cả.",
        en: "This is too much to be sent in one piece (over 63 MB); nothing has been written.",
        uk: "Забагато, щоб надіслати одним цілим (понад 63 МБ); нічого не записано."),
      hint: Phrase(
        vi: "Hãy chia thành nhiều lần ghi.", en: "Write it in several steps.",
        uk: "Запишіть кількома кроками."))
  case .cannotTravel(let obstacle): explain(obstacle)
  case .notEnrolled:
    Failure(
      .denied,
      Phrase(
        vi: "Máy này chưa ghi danh với máy chủ tỉnh.", en: "This device is not enrolled at a hub.",
        uk: "Пристрій не зареєстровано на хабі."),
      hint: Phrase(
        vi: "Xin mã của người điều phối rồi: thuan enrol ĐỊA-CHỈ MÃ",
        en: "Ask the operator for a code, then: thuan enrol URL CODE",
        uk: "Попросіть код в оператора, тоді: thuan enrol АДРЕСА КОД"))
  case .otherHub:
    Failure(
      .denied,
      Phrase(
        vi: "Trả lời đến từ một máy chủ khác với máy chủ mà dữ liệu này thuộc về.",
        en: "Another hub answered than the one this store belongs to.",
        uk: "Відповів інший хаб, ніж той, якому належать дані."),
      hint: Phrase(
        vi: "Xem lại địa chỉ máy chủ; nếu đúng, hỏi người điều phối.",
        en: "Look at the hub’s address; if it is right, ask the operator.",
        uk: "Перевірте адресу хаба; якщо правильна, спитайте оператора."))
  default:
    Failure(
      .internal,
      Phrase(
        vi: "Không ghi được; dữ liệu cũ còn nguyên.",
        en: "Nothing was written; the data is as before.",
        uk: "Нічого не записано; дані як були."),
      hint: Phrase(vi: "Thử lại.", en: "Try again.", uk: "Спробуйте ще."))
  }
}

private func explain(_ obstacle: Obstacle) -> Failure {
  let what = (try? FieldSchema.load()).map { ObstacleWords(obstacle, $0).sentence }
  return Failure(
    .input,
    Phrase(
      vi: "\(what?.vi ?? ""); chưa ghi gì cả.", en: "\(what?.en ?? ""); nothing has been written.",
      uk: "\(what?.uk ?? ""); нічого не записано."),
    hint: Phrase(
      vi: "Máy chủ tỉnh không nhận được như vậy; hãy sửa rồi ghi lại.",
      en: "The hub could not take it in like this; change it and write it again.",
      uk: "Хаб не зміг би цього прийняти; виправте й запишіть ще раз."))
}

private func explain(hub error: HubUnavailable) -> Failure {
  switch error {
  case .unreachable(let detail):
    Failure(.unreachable, NetworkTrouble(detail).sentence, hint: .workIsKept)
  case .interrupted:
    Failure(
      .unreachable,
      Phrase(
        vi: "Mất kết nối với máy chủ tỉnh giữa chừng.",
        en: "The connection to the hub broke off.", uk: "Зв’язок із хабом обірвався."),
      hint: .workIsKept)
  case .timeout:
    Failure(
      .unreachable,
      Phrase(
        vi: "Máy chủ tỉnh trả lời quá chậm.", en: "The hub answers too slowly.",
        uk: "Хаб відповідає надто повільно."), hint: .workIsKept)
  case .notAHub:
    Failure(
      .unreachable,
      Phrase(
        vi: "Nơi trả lời không phải máy chủ tỉnh (có thể là trang đăng nhập Wi-Fi).",
        en: "What answers is no hub (perhaps a Wi-Fi login page).",
        uk: "Відповідає не хаб (можливо, сторінка входу Wi-Fi)."), hint: .workIsKept)
  case .untrusted:
    Failure(
      .unreachable,
      Phrase(
        vi: "Đồng hồ sai hoặc chứng thư không hợp lệ: không kết nối được an toàn.",
        en: "Wrong clock or bad certificate: there is no safe connection.",
        uk: "Неправильний годинник або сертифікат: безпечного з’єднання немає."),
      hint: Phrase(
        vi: "Xem lại ngày giờ của máy trước (đang là \(localTime(wallClock()))).",
        en: "Look at the machine’s date first (it shows \(localTime(wallClock()))).",
        uk: "Спершу перевірте дату пристрою (зараз \(localTime(wallClock())))."))
  case .impostor:
    Failure(
      .denied,
      Phrase(
        vi: "Nơi trả lời không phải máy chủ tỉnh đã ghi danh máy này: không gửi, không nhận gì.",
        en: "What answers is not the hub that let this device in: nothing was sent or taken.",
        uk: "Відповідає не той хаб, де зареєстровано пристрій: нічого не надіслано й не прийнято."),
      hint: Phrase(
        vi: "Xem lại địa chỉ và mã; hỏi người điều phối. Không mất gì.",
        en: "Check the address and the code; ask the operator. Nothing is lost.",
        uk: "Перевірте адресу й код; спитайте оператора. Нічого не втрачено."))
  case .wrongScheme(let isEncrypted): explain(wrongScheme: isEncrypted)
  case .redirected(let place): explain(redirectedTo: place)
  case .gateway(let status): explain(gateway: status)
  case .proxy(let trouble): explain(trouble)
  case .altered(let alteration): explain(alteration)
  case .tooLarge(let body): TooLargeText(body).failure
  case .refused(let refusal): explain(refusal)
  }
}

private func explain(enrolment failure: EnrolmentFailure) -> Failure {
  switch failure {
  case .alreadyEnrolled:
    Failure(
      .input,
      Phrase(
        vi: "Máy này đã ghi danh rồi.", en: "This device is enrolled already.",
        uk: "Пристрій уже зареєстровано."),
      hint: Phrase(
        vi: "Dùng tiếp: thuan sync. Mã mới chưa bị dùng.",
        en: "Go on with: thuan sync. The new code has not been used.",
        uk: "Далі: thuan sync. Новий код не використано."))
  case .codeRejected(let code): explain(Refusal(code))
  case .answerLost:
    Failure(
      .unreachable,
      Phrase(
        vi: "Đã gửi yêu cầu nhưng mất kết nối trước khi có trả lời.",
        en: "The request was sent, but the connection broke before the answer.",
        uk: "Запит надіслано, але зв’язок обірвався до відповіді."),
      hint: Phrase(
        vi: "Chạy lại đúng lệnh này với cùng mã: mã chưa mất.",
        en: "Run the same command again with the same code: it is not lost.",
        uk: "Повторіть ту саму команду з тим самим кодом: він не втрачений."))
  case .identityBelongsToOtherStore: Lives.failure
  case .otherHub: explain(store: .otherHub)
  case .weakHubKey:
    Failure(
      .denied,
      Phrase(
        vi: "Khóa của máy chủ tỉnh không dùng được: ai cũng ký thay được.",
        en: "The hub’s key is of no use: anybody could sign in its place.",
        uk: "Ключ хаба непридатний: за нього може підписати будь-хто."),
      hint: Phrase(
        vi: "Đừng gửi gì; báo người điều phối.", en: "Send nothing; tell the operator.",
        uk: "Нічого не надсилайте; скажіть оператору."))
  }
}

extension Phrase {
  static let identityLost = Phrase(
    vi: "Mất tệp danh tính của máy: vẫn ghi được, nhưng chưa gửi và nhận được.",
    en: "The device’s identity file is lost: you can record, but neither send nor receive.",
    uk: "Файл ідентичності втрачено: записувати можна, надсилати й отримувати — ні.")

  static func identityDamaged(_ file: String) -> Phrase {
    Phrase(
      vi:
        "Tệp danh tính của máy bị hỏng hoặc không đọc được (\(file)): vẫn ghi được, nhưng chưa gửi "
        + "và nhận được.",
      en: "The device’s identity file is damaged or cannot be read (\(file)): you can record, but "
        + "neither send nor receive.",
      uk: "Файл ідентичності пошкоджено або не читається (\(file)): записувати можна, надсилати й "
        + "отримувати — ні.")
  }

  static let enrolAgain = Phrase(
    vi: "Xin người điều phối mã mới rồi: thuan enrol ĐỊA-CHỈ MÃ (việc chưa gửi vẫn giữ).",
    en: "Ask the operator for another code, then: thuan enrol URL CODE (unsent work is kept).",
    uk: "Попросіть новий код, тоді: thuan enrol АДРЕСА КОД (ненадіслане збережено).")

  static let workIsKept = Phrase(
    vi: "Việc đã ghi vẫn giữ trên máy; lần đồng bộ sau sẽ gửi.",
    en: "Your work is kept on this device and sent with the next sync.",
    uk: "Ваша робота збережена й надішлеться наступного разу.")
}
