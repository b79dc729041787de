import Foundation
import FieldModel
import Terminal

/// The words behind a command on records, split into options and the rest.
///
/// Which options there are depends on the kind of record, so they are read here and not by the
/// parser: `--title TEXT`, `--title=TEXT`. A value may begin with a dash.
struct Words {
  private(set) var rest: [String] = []
  private(set) var options: [(flag: String, value: String)] = []
  private(set) var store: String?
  private(set) var isJSON = false
  private(set) var isConfirmed = false

  /// - Parameters:
  ///   - words: As they stand behind the command.
  ///   - flags: The options that there are.
  ///   - switches: Those of them that stand for yes without a value.
  /// - Throws: ``Failure`` for an option that does not exist or lacks its value, ``HelpWanted``.
  init(_ words: [String], flags: Set<String>, switches: Set<String> = []) throws {
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      if word == "--" {
        rest += words[index...]
        return
      }
      guard word.hasPrefix("--") else {
        if word == "-h" { throw HelpWanted() }
        rest.append(word)
        continue
      }
      let parts = word.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let flag = String(parts.first ?? "")
      let inline = parts.count > 1 ? String(parts[1]) : nil
      switch flag {
      case "help": throw HelpWanted()
      case "json": isJSON = true
      case "yes": isConfirmed = true
      case _ where switches.contains(flag): options.append((flag, inline ?? "1"))
      case _ where flag.hasPrefix("no-") && switches.contains(String(flag.dropFirst(3))):
        options.append((String(flag.dropFirst(3)), "0"))
      case _ where flags.contains(flag) || flag == "store" || flag == "lang":
        if inline == nil { index += 1 }
        guard let value = inline ?? (index <= words.count ? words[index - 1] : nil) else {
          throw Self.missingValue(flag)
        }
        if flag == "store" {
          store = value
        } else if flag != "lang" {
          options.append((flag, value))
        }
      default: throw Self.unknown(flag, flags.union(switches))
      }
    }
  }

  /// What was given for an option; the last one counts.
  func value(_ flag: String) -> String? { options.last { $0.flag == flag }?.value }

  /// Everything that was given for an option which may be repeated.
  func values(_ flag: String) -> [String] { options.filter { $0.flag == flag }.map(\.value) }

  private static func missingValue(_ flag: String) -> Failure {
    Failure(
      .usage,
      Phrase(
        vi: "Thiếu giá trị cho --\(flag).", en: "--\(flag) lacks its value.",
        uk: "Для --\(flag) бракує значення."))
  }

  private static func unknown(_ flag: String, _ known: Set<String>) -> Failure {
    let near = known.filter { $0.hasPrefix(flag) || flag.hasPrefix($0) || $0.contains(flag) }
      .sorted()
    let list = (near.isEmpty ? known.sorted() : near).map { "--\($0)" }.joined(separator: " ")
    return Failure(
      .usage,
      Phrase(
        vi: "Không có tùy chọn --\(flag).", en: "There is no option --\(flag).",
        uk: "Немає параметра --\(flag)."),
      hint: Phrase(vi: "Có: \(list)", en: "There are: \(list)", uk: "Є: \(list)"))
  }
}

/// Somebody asked what a command does.
struct HelpWanted: Error {}
