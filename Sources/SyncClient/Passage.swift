/// What something between a device and its hub has done to a request or an answer.
package enum Alteration: Error, Equatable, Sendable {
  /// The body that came to the hub is not the one that was sent.
  case requestBody
  /// The body that came back is not the one that the hub sent.
  case answerBody
  /// A header has been taken out, or what it said.
  case header(String)
}

/// How requests and answers travel.
///
/// It begins with what is smallest. Where something on the way does not let that through as it is, the
/// other way is tried at once, and kept to.
struct Passage: Equatable, Sendable {
  private(set) var compressesRequests = true
  private(set) var takesCompressedAnswers = true
  private(set) var repeatsHeaders = false

  /// The way to go after an alteration; nothing if there is no other.
  func avoiding(_ alteration: Alteration) -> Passage? {
    var other = self
    switch alteration {
    case .requestBody: other.compressesRequests = false
    case .answerBody: other.takesCompressedAnswers = false
    case .header: other.repeatsHeaders = true
    }
    return other == self ? nil : other
  }
}
