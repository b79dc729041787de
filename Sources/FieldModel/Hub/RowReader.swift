/// Reads the fields of one row of a file and notes all that is wrong with them.
struct RowReader {
  let row: CSVTable.Row
  let file: String
  private(set) var problems: [ImportProblem] = []

  init(_ row: CSVTable.Row, file: String) {
    self.row = row
    self.file = file
  }

  mutating func note(_ what: Phrase) { problems.append(ImportProblem(file, row.line, what)) }

  mutating func required(_ column: String) -> String? {
    guard let value = row[column] else {
      note(.emptyField(column))
      return nil
    }
    return value
  }

  mutating func oneOf(_ known: [String], _ column: String) -> String? {
    guard let value = required(column) else { return nil }
    guard known.contains(value) else {
      note(.unknownValue(value, of: column, known: known))
      return nil
    }
    return value
  }

  mutating func day(_ column: String) -> String? {
    guard let value = row[column] else { return nil }
    guard let day = CivilDay.parse(value) else {
      note(.badDate(value, of: column))
      return nil
    }
    return day
  }

  /// The two ends of a period, in their order.
  mutating func days(_ first: String, _ last: String) -> (String?, String?) {
    let (from, to) = (day(first), day(last))
    if let from, let to, from > to { note(.datesReversed(from, to)) }
    return (from, to)
  }
}
