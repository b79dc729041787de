package import SyncSQLite

/// What there is to say of things in a store's or a hub's file that are somebody's own.
package enum ForeignText {
  /// Triggers that are silent while records are put in place, a sentence each.
  package static func silenced(_ triggers: [ForeignTrigger]) -> [String] {
    triggers.filter(\.isSilenced).map { trigger in
      let (name, table, wayOut) = (trigger.name, trigger.table, trigger.removal)
      return say(
        vi: "Trigger “\(name)” trên bảng \(table) không phải của chương trình: nó im lặng khi "
          + "bản ghi được nhận vào. Gỡ ra: \(wayOut)",
        en: "The trigger “\(name)” on the table \(table) is somebody’s own: it is silent while "
          + "records are put in place. To take it out: \(wayOut)",
        uk: "Тригер «\(name)» на таблиці \(table) — чийсь власний: він мовчить, коли записи "
          + "стають на місце. Прибрати: \(wayOut)")
    }
  }

  /// What takes no part and does no harm: triggers that only keep tables of somebody's own, and tables
  /// that nobody has declared.
  package static func bystanders(_ triggers: [ForeignTrigger], tables: [String]) -> [String] {
    let firing = triggers.filter { !$0.isSilenced }.map { trigger in
      let (name, table) = (trigger.name, trigger.table)
      return say(
        vi: "Trigger “\(name)” trên bảng \(table) không phải của chương trình; nó chỉ "
          + "ghi vào bảng riêng.",
        en: "The trigger “\(name)” on the table \(table) is somebody’s own; it writes only "
          + "to tables that take no part.",
        uk: "Тригер «\(name)» на таблиці \(table) — чийсь власний; він пише лише в таблиці, що не "
          + "синхронізуються.")
    }
    if tables.isEmpty { return firing }
    let list = tables.joined(separator: ", ")
    return firing + [
      say(
        vi: "Bảng riêng, không đồng bộ: \(list)",
        en: "Tables of somebody’s own, which take no part: \(list)",
        uk: "Чиїсь власні таблиці, що не синхронізуються: \(list)")
    ]
  }
}
