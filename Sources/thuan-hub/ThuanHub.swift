import ArgumentParser
import FieldModel
import Terminal

/// The program of the provincial operator.
struct ThuanHub: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thuan-hub",
    abstract: say(
      vi: "Máy chủ Thuận cấp tỉnh: nhận, hợp nhất, xử lý xung đột.",
      en: "Thuận's provincial hub: receives, merges, settles conflicts.",
      uk: "Провінційний хаб Thuận: приймає, об’єднує, вирішує конфлікти."),
    discussion: say(
      vi: """
        Mã ngắn: gõ từ 4 ký tự đầu hoặc cuối của bất kỳ mã nào.

        Mã thoát: 0 xong, 2 không có hoặc có nhiều, 3 đã thay đổi, 4 kiểm tra thấy lỗi, 64 sai \
        lệnh, 65 dữ liệu sai, 66 không mở được kho, 69 không nhận được ở địa chỉ, 74 ổ đĩa, 75 \
        đang bận.
        """,
      en: """
        Short ids: type 4 or more first or last characters of any id.

        Exit codes: 0 done, 2 none or several fit, 3 changed meanwhile, 4 a check failed, 64 \
        wrong command, 65 wrong input, 66 store cannot be opened, 69 cannot listen, 74 disk, 75 \
        busy.
        """,
      uk: """
        Скорочення: уведіть 4 чи більше перших або останніх знаків будь-якого коду.

        Коди виходу: 0 готово, 2 немає або кілька, 3 тим часом змінилося, 4 знайдено хибу, 64 \
        хибна команда, 65 хибні дані, 66 сховище не відкрити, 69 не слухається, 74 диск, 75 \
        зайнято.
        """),
    version: Program.version,
    subcommands: [
      InitCommand.self, ServeCommand.self, MoveCommand.self, ImportCommand.self, EnrolCommand.self,
      DevicesCommand.self, HoldingsCommand.self, RevokeCommand.self, GrantsCommand.self,
      GrantCommand.self,
      WithdrawCommand.self, AccountCommand.self, ReformCommand.self, PartsCommand.self,
      PartCommand.self, PlaceCommand.self, TransferCommand.self, ConflictsCommand.self,
      ConflictCommand.self,
      ResolveCommand.self, UndoCommand.self, QuarantineCommand.self,
      WaitingCommand.self, LogCommand.self,
      AuditCommand.self,
      StatusCommand.self, CheckCommand.self, BackupCommand.self, RestoreCommand.self,
      CompactCommand.self,
    ])

  @OptionGroup var language: LanguageOption
}

@main
enum Start {
  static func main() async {
    await Program.run(ThuanHub.self, explain: explained)
  }
}
