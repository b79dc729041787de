import FieldModel
import Terminal

/// A store and an identity that are not one device's.
enum Lives {
  static let ofAnotherDevice = say(
    vi: "Tệp danh tính cạnh tệp dữ liệu là của thiết bị khác; vẫn ghi được, nhưng chưa đồng bộ "
      + "được.",
    en: "The identity beside the store is another device’s; you can record, but not sync yet.",
    uk: "Файл ідентичності поруч — іншого пристрою; записувати можна, синхронізувати ще ні.")

  static let failure = Failure(
    .store,
    Phrase(
      vi: "Tệp danh tính cạnh tệp dữ liệu là của thiết bị khác; chưa gửi gì, dữ liệu còn nguyên.",
      en: "The identity beside the store is another device’s; nothing was sent, all is kept.",
      uk: "Файл ідентичності поруч — іншого пристрою; нічого не надіслано, усе збережено."),
    hint: Phrase(
      vi: "Đặt lại tệp .identity của chính dữ liệu này; nếu không còn, xin mã ghi danh mới rồi: "
        + "thuan enrol ĐỊA-CHỈ MÃ",
      en: "Put this store’s own .identity file back; if there is none, ask for a new code, then: "
        + "thuan enrol URL CODE",
      uk: "Поверніть .identity саме цих даних; якщо його немає, попросіть новий код, тоді: "
        + "thuan enrol АДРЕСА КОД"))
}
