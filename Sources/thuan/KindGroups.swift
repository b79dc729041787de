import ArgumentParser
import FieldModel
import Terminal

/// A command with what can be done to one kind of record below it.
protocol KindGroup: ParsableCommand, KindName {
  static var about: String { get }
}

extension KindGroup {
  static var configuration: CommandConfiguration {
    var subcommands: [any ParsableCommand.Type] = [
      AddRecord<Self>.self, ListRecords<Self>.self, ShowRecord<Self>.self,
    ]
    // What is only ever added can still be asked for; the answer says what to do instead.
    subcommands += [EditRecord<Self>.self, DeleteRecord<Self>.self]
    return CommandConfiguration(
      commandName: kind.command, abstract: about, subcommands: subcommands)
  }

  static var about: String { kind.title.text + "." }
}

struct SessionGroup: KindGroup {
  static let kind = RecordKinds.session
  static var about: String {
    say(
      vi: "Cuộc giám sát, phản biện xã hội, đối thoại.",
      en: "Sessions: monitoring, social criticism, dialogue.",
      uk: "Заходи: моніторинг, соціальна критика, діалог.")
  }
}
struct FindingGroup: KindGroup { static let kind = RecordKinds.finding }
struct RecommendationGroup: KindGroup { static let kind = RecordKinds.recommendation }
struct AddresseeGroup: KindGroup { static let kind = RecordKinds.addressee }
struct EventGroup: KindGroup {
  static let kind = RecordKinds.event
  static var about: String {
    say(
      vi: "Diễn biến của kiến nghị: gửi, trả lời, đôn đốc…",
      en: "What happened to a recommendation: issued, answered, reminded…",
      uk: "Що сталося з рекомендацією: надіслано, відповідь, нагадування…")
  }
}
struct MeetingGroup: KindGroup { static let kind = RecordKinds.meeting }
struct AttendanceGroup: KindGroup { static let kind = RecordKinds.attendance }
struct OpinionGroup: KindGroup { static let kind = RecordKinds.opinion }
struct DocumentGroup: KindGroup { static let kind = RecordKinds.document }
struct NoteGroup: KindGroup { static let kind = RecordKinds.note }
struct TargetGroup: KindGroup { static let kind = RecordKinds.target }
struct PersonGroup: KindGroup { static let kind = RecordKinds.person }
struct PlanGroup: KindGroup { static let kind = RecordKinds.plan }
struct PlanItemGroup: KindGroup { static let kind = RecordKinds.planItem }
struct CoreGroupGroup: KindGroup { static let kind = RecordKinds.group }
