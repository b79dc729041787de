/// Days of the civil calendar as the tables hold them: `2023-09-06`.
package enum CivilDay {
  /// Reads `2023-09-06`, `06/09/2023` or `6/9/2023`; nothing for what is no day.
  package static func parse(_ text: String) -> String? {
    let isISO = text.contains("-")
    let parts = text.split(separator: isISO ? "-" : "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } })
    else { return nil }
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == 3 else { return nil }
    let (year, month, day) =
      isISO ? (numbers[0], numbers[1], numbers[2]) : (numbers[2], numbers[1], numbers[0])
    guard (1000...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= lastDay(of: month, year)
    else { return nil }
    return spell(year, month, day)
  }

  /// The day some days after another; nothing if the text is no day.
  package static func day(_ text: String, plus days: Int) -> String? {
    guard let number = number(of: text) else { return nil }
    return spell(ofNumber: number + days)
  }

  /// How many days lie between the start of 1970 and the day; nothing if the text is no day.
  package static func number(of text: String) -> Int? {
    guard let day = parse(text) else { return nil }
    let parts = day.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 3 else { return nil }
    // Counting from 1 March of year 0 puts the leap day at the end of a year.
    let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
    let month = parts[1] <= 2 ? parts[1] + 9 : parts[1] - 3
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + parts[2] - 1
      - 719_468
  }

  /// The civil day of an instant in Vietnam, which has kept UTC+7 all along.
  package static func inVietnam(milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000 + 7 * 3600
    return spell(ofNumber: Int(seconds / 86_400))
  }

  /// Day first, as people write it; other text as it is.
  package static func shown(_ text: String) -> String {
    guard let day = parse(text), day == text else { return text }
    return day.split(separator: "-").reversed().joined(separator: "/")
  }

  private static func spell(ofNumber number: Int) -> String {
    let shifted = number + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    return spell(
      year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
  }

  private static func spell(_ year: Int, _ month: Int, _ day: Int) -> String {
    "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
  }

  private static func lastDay(of month: Int, _ year: Int) -> Int {
    if month == 2 {
      return (year.isMultiple(of: 4) && !year.isMultiple(of: 100)) || year.isMultiple(of: 400)
        ? 29 : 28
    }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }
}
