#if CodecComparison
import SwiftProtobuf

/// Generated code over the same bytes, which makes it the judge of ours as well.
///
/// - Throws: ``BenchError/wrongResult(_:)`` if it reads or writes anything differently.
func swiftProtobuf(_ encoded: [[UInt8]]) throws -> Codec {
  let messages = try encoded.map { try Thuan_V1_ChangeSet(serializedBytes: $0) }
  let again: [[UInt8]] = try messages.map { try $0.serializedBytes() }
  guard again == encoded else { throw BenchError.wrongResult("SwiftProtobuf codes differently") }
  return Codec(
    name: "swift_protobuf", bytes: encoded.reduce(0) { $0 + $1.count },
    encode: {
      for message in messages { discard(try message.serializedBytes() as [UInt8]) }
    },
    decode: {
      for bytes in encoded { discard(try Thuan_V1_ChangeSet(serializedBytes: bytes)) }
    })
}
#endif
