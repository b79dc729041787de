import Foundation

/// What libFuzzer calls with every input it makes up; `scripts/fuzz` builds and runs it.
///
/// All inputs of one process go to the decoder that the environment names, so that each has a corpus
/// of plain files in its own format.
@_cdecl("LLVMFuzzerTestOneInput")
public func readOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  do {
    try chosen.read(bytes)
    return 0
  } catch {
    // Refusing is right, and how a decoder refuses is worth exploring as well.
    return 0
  }
}

private let chosen: Decoder = {
  let name = ProcessInfo.processInfo.environment["THUAN_FUZZ_DECODER"] ?? ""
  guard let decoder = Decoder(rawValue: name) else {
    let names = Decoder.allCases.map(\.rawValue).joined(separator: ", ")
    // Whoever runs the program by hand reads it; there is nobody to throw to.
    fatalError("THUAN_FUZZ_DECODER has to be one of \(names)")
  }
  return decoder
}()

/// Everything that reads bytes from outside, and the merges of what came in them.
private enum Decoder: String, CaseIterable {
  case changeSet = "change-set"
  case envelope
  case pushReply = "push-reply"
  case pullRequest = "pull-request"
  case pullPage = "pull-page"
  case comparisonRequest = "comparison-request"
  case comparisonReply = "comparison-reply"
  case enrolmentRequest = "enrolment-request"
  case enrolmentReply = "enrolment-reply"
  case signedRequest = "signed-request"
  case refusal
  case waitingReport = "waiting-report"
  case addressStatement = "address-statement"
  case hubPoint = "hub-point"
  case streamPlace = "stream-place"
  case rowState = "row-state"
  case values
  case rowKey = "row-key"
  case policy
  case csv
  case day
  case merge
  case textMerge = "text-merge"
  case tagMerge = "tag-merge"

  func read(_ bytes: [UInt8]) throws {
    switch self {
    case .changeSet: try checkStable(bytes, ChangeSet.init(decoding:)) { $0.encoded() }
    case .envelope: try checkEnvelope(bytes)
    case .pushReply: try checkPushReply(bytes)
    case .signedRequest: checkSignedRequest(bytes)
    case .pullRequest: try checkStable(bytes, PullRequest.init(decoding:)) { $0.encoded() }
    case .pullPage: try checkStable(bytes, { try PullPage(decoding: $0) }) { $0.encoded() }
    case .comparisonRequest:
      try checkStable(bytes, ComparisonRequest.init(decoding:)) { $0.encoded() }
    case .comparisonReply:
      try checkStable(bytes, ComparisonReply.init(decoding:)) { $0.encoded() }
    case .enrolmentRequest:
      try checkStable(bytes, EnrolmentRequest.init(decoding:)) { $0.encoded() }
    case .enrolmentReply: try checkStable(bytes, EnrolmentReply.init(decoding:)) { $0.encoded() }
    case .refusal: try checkStable(bytes, Refusal.init(decoding:)) { $0.encoded() }
    case .waitingReport: try checkStable(bytes, WaitingReport.init(decoding:)) { $0.encoded() }
    case .addressStatement:
      try checkStable(bytes, AddressStatement.init(decoding:)) { $0.encoded() }
    case .hubPoint: try checkStable(bytes, HubPoint.init(decoding:)) { $0.encoded() }
    case .streamPlace: try checkStable(bytes, StreamPlace.init(decoding:)) { $0.encoded() }
    case .rowState: try checkRowState(bytes)
    case .values: try checkStable(bytes, decodedValues, encodedValues)
    case .rowKey: try checkRowKey(bytes)
    case .policy: try checkPolicy(bytes)
    case .csv: try checkCSV(bytes)
    case .day: checkDay(bytes)
    case .merge: try checkMerge(bytes)
    case .textMerge: checkTextMerge(bytes)
    case .tagMerge: checkTagMerge(bytes)
    }
  }
}

/// Ends the process: only then does libFuzzer report, together with the input, what was found.
func fail(_ law: String) -> Never { fatalError("broken: \(law)") }

func require(_ condition: Bool, _ law: @autoclosure () -> String) {
  if !condition { fail(law()) }
}

/// What was written has to be readable; whatever the decoder throws is a find.
private func readAgain<T>(_ original: @autoclosure () -> String, _ read: () throws -> T) -> T {
  do { return try read() } catch {
    fail("what was written cannot be read (\(error)): \(original())")
  }
}

/// What was read and written again reads as the same, and from then on the bytes stay.
private func checkStable<Message: Equatable>(
  _ bytes: [UInt8], _ decode: ([UInt8]) throws -> Message, _ encode: (Message) -> [UInt8]
) throws {
  let message = try decode(bytes)
  let written = encode(message)
  let again = readAgain("\(message)") { try decode(written) }
  require(again == message, "read again, \(message) is \(again)")
  require(encode(again) == written, "written again, the bytes differ: \(message)")
}

// MARK: Messages that are more than their fields

private func checkPushReply(_ bytes: [UInt8]) throws {
  let reply = try PushReply(decoding: bytes)
  require(
    reply.signed + [0x7A, UInt8(reply.signature.count)] + reply.signature == bytes,
    "what is signed and the signature are not the whole answer")
  // Written again it has no fields that are unknown here, and another text to sign.
  func encoded(_ reply: PushReply) -> [UInt8] { reply.encoded { _ in reply.signature } }
  let written = encoded(reply)
  let again = readAgain("\(reply)") { try PushReply(decoding: written) }
  require(encoded(again) == written, "written again, the bytes differ: \(reply)")
  require(
    again.receipts == reply.receipts && again.lastHash == reply.lastHash,
    "read again, it says something else: \(reply)")
}

private func checkSignedRequest(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  if let proof = AnswerProof(text) { require(proof.text == text, "not all was read: \(proof)") }
  guard let request = SignedRequest(credentials: text, path: "/") else { return }
  require(request.credentials == text, "not all was read: \(request)")
  let again = SignedRequest(
    device: request.device, createdSeconds: request.createdSeconds, nonce: request.nonce,
    path: "/", bodyDigest: request.bodyDigest
  ) { _ in request.signature }
  require(again == request, "what was written cannot be read: \(again)")
}

private func checkEnvelope(_ bytes: [UInt8]) throws {
  let envelope = try Envelope(decoding: bytes)
  require(
    envelope.wallMilliseconds.magnitude <= 1 << 53, "nobody can reckon with an envelope's time")
  let length = UInt8(envelope.signature.count)
  require(
    envelope.signed + [0x7A, length] + envelope.signature == bytes,
    "what is signed and the signature are not the whole envelope")
  func encoded(_ envelope: Envelope) -> [UInt8] { envelope.encoded { _ in envelope.signature } }
  let written = encoded(envelope)
  let again = try Envelope(decoding: written)
  require(again.changeSets == envelope.changeSets, "change sets differ")
  require(again.stream == envelope.stream, "streams differ")
  require(
    (again.protocolVersion, again.schemaVersion, again.wallMilliseconds)
      == (envelope.protocolVersion, envelope.schemaVersion, envelope.wallMilliseconds),
    "an envelope's head differs")
  require(encoded(again) == written, "written again, the bytes differ")
  for changeSet in envelope.changeSets {
    try? checkStable(changeSet, ChangeSet.init(decoding:)) { $0.encoded() }
  }
}

private func checkRowState(_ bytes: [UInt8]) throws {
  let live = toy.project.columns.map { Value.integer(Int64($0.number)) }
  for values in [nil, live] {
    let state = try RowState(metadata: bytes, live: values, table: toy.project)
    require(state.values.count == toy.project.columns.count, "a row has other columns")
    checkMetadata(of: state, in: toy.project)
  }
}

/// What the hub keeps of a row gives the row back.
func checkMetadata(of state: RowState, in table: TableSchema) {
  let written = state.encodedMetadata(table)
  let live = state.isDeleted ? nil : state.values
  let again = readAgain("\(state)") {
    try RowState(metadata: written, live: live, table: table)
  }
  require(again == state, "read again, \(state) is \(again)")
  require(again.encodedMetadata(table) == written, "written again, the bytes differ")
}

/// A digit for the number of columns, and the stored form.
private func checkRowKey(_ bytes: [UInt8]) throws {
  guard let first = bytes.first else { return }
  let columns = 1 + Int(first & 3)
  let content = Array(bytes.dropFirst())
  let stored = String(validating: content, as: UTF8.self).map(Value.text) ?? .blob(content)
  let key = try RowKey(stored: stored, columns: columns)
  require(key.values.count == columns, "a key has other columns")
  let again = readAgain("\(key)") { try RowKey(stored: key.stored, columns: columns) }
  require(again == key, "read again, \(key.values) is \(again.values)")
}

private func checkPolicy(_ bytes: [UInt8]) throws {
  let schema = try SyncSchema(parsing: String(decoding: bytes, as: UTF8.self), version: 3)
  for table in schema.tables {
    for (index, column) in table.columns.enumerated() {
      guard let unit = column.unit else { continue }
      require(table.units[unit].columns.contains(index), "a column is not in its unit")
      require(table.unit(number: table.unitNumber(unit)) == unit, "a unit has another's number")
    }
    let members = table.units.flatMap(\.columns) + table.key
    require(members.sorted() == Array(table.columns.indices), "a column is in two units, or none")
  }
}

// MARK: Files that people bring

private func checkCSV(_ bytes: [UInt8]) throws {
  let table = try CSVTable(Data(bytes), file: "f", required: [])
  let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
  var last = 0
  var text = table.header.map(cell).joined(separator: ",") + "\n"
  // A line with nothing on it is no row, which a file of one column cannot tell from an empty field.
  let rows = table.rows.filter { row in
    table.header.count > 1 || table.header.contains { row[$0] != nil }
  }
  for row in rows {
    require(row.line > last && row.line <= lines, "a row begins on line \(row.line) of \(lines)")
    last = row.line
    text += table.header.map { cell(row[$0] ?? "") }.joined(separator: ",") + "\r\n"
  }
  let again = readAgain(text) {
    try CSVTable(Data(text.utf8), file: "f", required: table.header)
  }
  require(again.header == table.header, "the header differs")
  require(again.rows.count == rows.count, "rows are lost")
  for (row, other) in zip(rows, again.rows) {
    for column in table.header { require(row[column] == other[column], "a field differs") }
  }
}

private func cell(_ text: String) -> String { doubled("\"", in: text) }

private func checkDay(_ bytes: [UInt8]) {
  guard let day = CivilDay.parse(String(decoding: bytes, as: UTF8.self)) else { return }
  require(CivilDay.parse(day) == day, "\(day) is no day")
  require(CivilDay.day(day, plus: 0) == day, "\(day) and none more")
  let next = CivilDay.day(day, plus: 1) ?? ""
  require(next.utf8.count > day.utf8.count || next > day, "\(next) follows \(day)")
  require(CivilDay.parse(CivilDay.shown(day)) == day, "\(day) is shown as another day")
}
