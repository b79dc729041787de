import ArgumentParser
import FieldModel
import SyncCore
import SyncSQLite
import Terminal

/// The command `thuan host …`: organisations that take part in a session beside the lead.
struct Host: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Đơn vị phối hợp, tham gia cuộc giám sát, phản biện.",
        en: "Organisations that take part in a session.", uk: "Організації, що беруть участь."),
      subcommands: [Add.self, Remove.self])
  }

  struct Add: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(abstract: say(vi: "Thêm đơn vị.", en: "Add one.", uk: "Додати."))
    }
    @OptionGroup var link: HostLink
    func run() throws { try link.change(isAdded: true) }
  }

  struct Remove: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(abstract: say(vi: "Bớt đơn vị.", en: "Remove one.", uk: "Прибрати."))
    }
    @OptionGroup var link: HostLink
    func run() throws { try link.change(isAdded: false) }
  }
}

/// A session, an organisation, and the part that it takes.
struct HostLink: ParsableArguments {
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp(say(vi: "Cuộc.", en: "The session.", uk: "Захід.")))
  var session: String
  @Argument(
    help: ArgumentHelp(
      say(vi: "Tổ chức (mã hoặc tên).", en: "The organisation.", uk: "Організація.")))
  var organisation: String
  @Option(
    help: ArgumentHelp(
      say(vi: "Vai trò: ", en: "The part: ", uk: "Роль: ")
        + Term.sessionPart.map(\.value).joined(separator: "|")))
  var part = "co_host"

  func change(isAdded: Bool) throws {
    let field = try FieldStore(common.store)
    let column = RecordKinds.field("part", in: "session_org")
    let (key, name) = try field.read { lookup, _ in
      let session = try lookup.record(self.session, of: RecordKinds.session)
      let organisation = try lookup.record(self.organisation, of: RecordKinds.organisation)
      let part = try column?.value(from: self.part, lookup) ?? .text(self.part)
      return (
        [SyncCore.Value.text(session.id), .text(organisation.id), part],
        try lookup.label(of: organisation)
      )
    }
    let isChanged = try field.write { writer, db in
      let condition = "session_id = ? AND org_id = ? AND part = ?"
      let isThere = try db.first("SELECT 1 FROM session_org WHERE \(condition)", key) != nil
      guard isThere != isAdded else { return false }
      if isAdded {
        try writer.insert(
          into: "session_org", ["session_id": key[0], "org_id": key[1], "part": key[2]])
      } else {
        try db.run("DELETE FROM session_org WHERE \(condition)", key)
      }
      return true
    }
    sayLinked(name, isAdded: isAdded, isChanged: isChanged)
  }
}

/// The command `thuan field …`: the fields of life that a session is about.
struct Field: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Lĩnh vực của cuộc giám sát, phản biện.", en: "Fields that a session is about.",
        uk: "Сфери заходу."),
      discussion: Term.field.map { "  \($0.value): \($0.phrase.text)" }.joined(separator: "\n"),
      subcommands: [Add.self, Remove.self])
  }

  struct Add: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(abstract: say(vi: "Thêm lĩnh vực.", en: "Add one.", uk: "Додати."))
    }
    @OptionGroup var link: FieldLink
    func run() throws { try link.change(isAdded: true) }
  }

  struct Remove: ParsableCommand {
    static var configuration: CommandConfiguration {
      CommandConfiguration(abstract: say(vi: "Bớt lĩnh vực.", en: "Remove one.", uk: "Прибрати."))
    }
    @OptionGroup var link: FieldLink
    func run() throws { try link.change(isAdded: false) }
  }
}

/// A session and one of its fields.
struct FieldLink: ParsableArguments {
  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp(say(vi: "Cuộc.", en: "The session.", uk: "Захід.")))
  var session: String
  @Argument(help: ArgumentHelp(say(vi: "Lĩnh vực.", en: "The field.", uk: "Сфера.")))
  var name: String

  func change(isAdded: Bool) throws {
    let field = try FieldStore(common.store)
    guard let tags = RecordKinds.session.tags.first else { return }
    let (session, present, value) = try field.read { lookup, db in
      let session = try lookup.record(self.session, of: RecordKinds.session)
      return (session, try session.tags(tags, in: db), try tags.field.value(from: name, lookup))
    }
    guard let text = value.text else { throw tags.field.problem(.emptyEntry) }
    let wanted = isAdded ? Set(present).union([text]) : Set(present).subtracting([text])
    let count = try field.write { writer, _ in try writer.set(tags, of: session.id, to: wanted) }
    sayLinked(Term.field[text]?.text ?? text, isAdded: isAdded, isChanged: count > 0)
  }
}

private func sayLinked(_ name: String, isAdded: Bool, isChanged: Bool) {
  guard isChanged else {
    Program.write(
      say(
        vi: "\(name): không có gì thay đổi.", en: "\(name): nothing changed.",
        uk: "\(name): нічого не змінилося."))
    return
  }
  Program.write(
    isAdded
      ? say(vi: "Đã thêm: \(name)", en: "Added: \(name)", uk: "Додано: \(name)")
      : say(vi: "Đã bớt: \(name)", en: "Removed: \(name)", uk: "Прибрано: \(name)"))
}
