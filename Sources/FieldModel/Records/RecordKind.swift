/// A table as people know it: what its rows are called, and what its columns are.
package struct RecordKind: Sendable {
  package let table: String
  /// The word for it on the command line.
  package let command: String
  package let title: Phrase
  package let fields: [RecordField]
  /// The column that holds the record which this one belongs to; commands take it as an argument.
  package let parent: String?
  /// A table with the same key that holds more of the record, such as what only a criticism has.
  package let part: Part?
  /// Link tables that hold sets of the record's values.
  package let tags: [Tags]
  /// Columns by which lists are sorted, as SQL.
  package let order: String
  /// Who may write it.
  package let writing: Writing

  package enum Writing: Sendable {
    case free
    /// Records are only ever added.
    case appendOnly
    /// Reference data: comes from the hub.
    case hubOnly
  }

  /// Columns in a table of their own with the record's key.
  package struct Part: Sendable {
    package let table: String
    package let key: String
    package let fields: [RecordField]
    /// The part is there if this column of the record has this value; without it, if anything is said
    /// in it.
    package let condition: (column: String, value: String)?
  }

  /// A set of values in a link table.
  package struct Tags: Sendable {
    package let table: String
    package let key: String
    package let field: RecordField
  }

  package init(
    _ table: String, command: String? = nil, _ vi: String, _ en: String, _ uk: String,
    parent: String? = nil, order: String = "id DESC", writing: Writing = .free, part: Part? = nil,
    tags: [Tags] = [], fields: [RecordField]
  ) {
    self.table = table
    self.command = command ?? table
    title = Phrase(vi: vi, en: en, uk: uk)
    self.parent = parent
    self.order = order
    self.writing = writing
    self.part = part
    self.tags = tags
    self.fields = fields
  }

  /// The key column.
  package var key: String {
    switch table {
    case "admin_unit": "unit_id"
    case "holiday": "day"
    default: "id"
    }
  }

  package func field(_ column: String) -> RecordField? { fields.first { $0.column == column } }

  /// The field that holds the record which this one belongs to.
  package var parentField: RecordField? { parent.flatMap(field) }

  /// The table of the record which this one belongs to.
  package var parentTable: String? {
    if case .reference(let table) = parentField?.form { return table }
    return nil
  }
}
