import ArgumentParser
import SyncSQLite
import Terminal

/// The field officer's program.
@main
struct Thuan: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "thuan",
      abstract: say(
        vi: "Thuận — ghi chép giám sát, phản biện xã hội khi không có mạng, đồng bộ khi có.",
        en: "Thuận — records monitoring and social criticism offline, and syncs when it can.",
        uk: "Thuận — записи моніторингу й соціальної критики без мережі, із синхронізацією."),
      discussion: say(
        vi: """
          Mọi thứ ghi ngay trên máy; không cần mạng. Có mạng thì: thuan sync.
          Bắt đầu: thuan enrol ĐỊA-CHỈ MÃ; thuan sync; thuan session add
          """,
        en: """
          Everything is recorded on this machine, without a network. When there is one: thuan sync.
          To begin: thuan enrol URL CODE; thuan sync; thuan session add
          """,
        uk: """
          Усе записується на цьому пристрої, без мережі. Коли вона є: thuan sync.
          Початок: thuan enrol АДРЕСА КОД; thuan sync; thuan session add
          """),
      version: Program.version,
      groupedSubcommands: [
        CommandGroup(
          name: say(vi: "Ghi chép", en: "Records", uk: "Записи"),
          subcommands: [
            SessionGroup.self, TargetGroup.self, Host.self, Field.self, MeetingGroup.self,
            AttendanceGroup.self, OpinionGroup.self, FindingGroup.self, RecommendationGroup.self,
            AddresseeGroup.self, EventGroup.self, DocumentGroup.self, NoteGroup.self,
            PersonGroup.self, PlanGroup.self, PlanItemGroup.self, CoreGroupGroup.self,
          ]),
        CommandGroup(
          name: say(vi: "Bản ghi bất kỳ", en: "Any record", uk: "Будь-який запис"),
          subcommands: [
            Add.self, List.self, Show.self, Edit.self, Delete.self, Search.self, Units.self,
            Organisations.self,
          ]),
        CommandGroup(
          name: say(vi: "Đồng bộ", en: "Sync", uk: "Синхронізація"),
          subcommands: [
            Enrol.self, Move.self, Sync.self, Push.self, Pull.self, Status.self, Waiting.self,
            Conflicts.self, Log.self, Check.self,
          ]),
        CommandGroup(
          name: say(vi: "Sao lưu", en: "Backups", uk: "Резервні копії"),
          subcommands: [Backup.self, Restore.self]),
      ])
  }

  @OptionGroup var common: CommonOptions

  static func main() async {
    StatementJournal.keepInMemory()
    await Program.run(Thuan.self, explain: explain(_:))
  }
}
