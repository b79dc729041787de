import FieldModel
import Foundation
import SyncClient

/// Why no connection came about, as far as the network library's own words tell.
struct NetworkTrouble {
  private let detail: String

  init(_ detail: String) { self.detail = detail.lowercased() }

  var sentence: Phrase {
    if says("refused", "errno: 111", "errno: 61") {
      return Phrase(
        vi: "Máy chủ tỉnh không chạy ở địa chỉ này (kết nối bị từ chối).",
        en: "No hub is running at this address (the connection was refused).",
        uk: "За цією адресою хаб не працює (з’єднання відхилено).")
    }
    if says("resolv", "getaddrinfo", "unknownhost", "nodename", "name or service", "dns") {
      return Phrase(
        vi: "Không tìm thấy tên máy chủ tỉnh: máy không có mạng, hoặc địa chỉ sai.",
        en: "The hub’s name cannot be found: there is no network, or the address is wrong.",
        uk: "Ім’я хаба не знайдено: немає мережі або адреса неправильна.")
    }
    if says("no answer", "timeout", "timed out", "errno: 110") {
      return Phrase(
        vi: "Máy chủ tỉnh không trả lời.", en: "The hub does not answer.",
        uk: "Хаб не відповідає.")
    }
    if says("network is unreachable", "no route", "errno: 101", "errno: 113") {
      return Phrase(
        vi: "Máy không có mạng, hoặc không có đường đến máy chủ tỉnh.",
        en: "There is no network, or no way to the hub.",
        uk: "Немає мережі або шляху до хаба.")
    }
    return Phrase(
      vi: "Không liên lạc được với máy chủ tỉnh.", en: "The hub cannot be reached.",
      uk: "Немає зв’язку з хабом.")
  }

  /// The same of a proxy, as far as anything is known but that it does not answer.
  var ofProxy: Phrase {
    if says("refused", "errno: 111", "errno: 61") {
      return Phrase(
        vi: "Kết nối bị từ chối.", en: "The connection was refused.", uk: "З’єднання відхилено.")
    }
    if says("resolv", "getaddrinfo", "unknownhost", "nodename", "name or service", "dns") {
      return Phrase(
        vi: "Không tìm thấy tên.", en: "The name cannot be found.", uk: "Ім’я не знайдено.")
    }
    return Phrase(vi: "Không trả lời.", en: "It does not answer.", uk: "Не відповідає.")
  }

  private func says(_ words: String...) -> Bool { words.contains { detail.contains($0) } }
}

extension ProxySettings {
  /// What this machine is set to.
  static let ofEnvironment = ProxySettings(environment: ProcessInfo.processInfo.environment)
}
