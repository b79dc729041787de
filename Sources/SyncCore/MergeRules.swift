/// What becomes of two concurrent values.
enum Combination: Equatable {
  case live
  case incoming
  case merged([Value])
  case undecided
}

/// Whether two lists of values say the same.
func agree(_ left: [Value], _ right: [Value]) -> Bool {
  left.count == right.count && zip(left, right).allSatisfy { $0.agrees(with: $1) }
}

/// Whether a value settles another without asking anybody, by rank alone.
func outranks(_ policy: MergePolicy, _ values: [Value], _ other: [Value]) -> Bool {
  guard let first = values.first, let second = other.first else { return false }
  switch policy {
  case .workflow(let order):
    guard let later = first.text, let earlier = second.text else { return false }
    return order.comes(later, after: earlier)
  case .maximum(let ranking): return isHigher(first, than: second, ranking)
  case .minimum(let ranking): return isHigher(second, than: first, ranking)
  default: return false
  }
}

/// Compares by a ranking if one is declared, else in SQLite's order.
///
/// Null says nothing, so any value outranks it either way; a value that the ranking does not name
/// cannot be compared.
private func isHigher(_ value: Value, than other: Value, _ ranking: [String]) -> Bool {
  if ranking.isEmpty { return value > other }
  guard let mine = value.text.flatMap(ranking.firstIndex(of:)) else { return false }
  guard let theirs = other.text.flatMap(ranking.firstIndex(of:)) else { return other == .null }
  return mine > theirs
}

/// Applies a unit's policy to the live value and a concurrent statement.
func combine(
  _ policy: MergePolicy, before: [Value], live: [Value], _ liveVersion: Version,
  _ statement: Candidate
) -> Combination {
  switch policy {
  case .operator, .hubOnly, .immutable: .undecided
  case .lastWriter: later(statement, than: liveVersion)
  case .text: mergedText(before: before, live: live, after: statement.values)
  case .set: mergedTags(before: before, live: live, after: statement.values)
  case .workflow, .maximum, .minimum: ranked(policy, live: live, after: statement.values)
  }
}

private func ranked(_ policy: MergePolicy, live: [Value], after: [Value]) -> Combination {
  // A side that left the unit's value empty has said nothing about its rank.
  if live.first == .null, after.first != .null { return .incoming }
  if after.first == .null, live.first != .null { return .live }
  if outranks(policy, after, live) { return .incoming }
  if outranks(policy, live, after) { return .live }
  return .undecided
}

private func later(_ statement: Candidate, than live: Version) -> Combination {
  if statement.isFlagged || live.isFlagged { return .undecided }
  return (statement.stamp, statement.stream) > (live.stamp, live.stream) ? .incoming : .live
}

private func mergedText(before: [Value], live: [Value], after: [Value]) -> Combination {
  guard let live = live[0].textOrEmpty, let after = after[0].textOrEmpty,
    let base = before[0].textOrEmpty,
    let merged = mergeText(base: base, ours: live, theirs: after)
  else { return .undecided }
  return .merged([.text(merged)])
}

private func mergedTags(before: [Value], live: [Value], after: [Value]) -> Combination {
  guard let live = live[0].textOrEmpty, let after = after[0].textOrEmpty,
    let base = before[0].textOrEmpty
  else { return .undecided }
  return .merged([mergeTags(base: base, ours: live, theirs: after)])
}

extension Value {
  fileprivate var textOrEmpty: String? { self == .null ? "" : text }
}

/// The union of two sides' tags, less what either side took out of the base.
///
/// The bytes do not depend on which side is called `ours`: a tag of the base keeps its own, and of a
/// new one in two normal forms the lesser are taken.
func mergeTags(base: String, ours: String, theirs: String) -> Value {
  let (base, ours, theirs) = (tags(base), tags(ours), tags(theirs))
  let removed = base.subtracting(ours).union(base.subtracting(theirs))
  let kept = ours.union(theirs).subtracting(removed).map { tag in
    base.spelling(of: tag)
      ?? [ours.spelling(of: tag), theirs.spelling(of: tag)].compactMap(\.self)
      .min { $0.utf8.lexicographicallyPrecedes($1.utf8) } ?? tag
  }
  // By bytes: the standard library has no order for texts in different normal forms.
  let sorted = kept.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  return sorted.isEmpty ? .null : .text(sorted.joined(separator: ", "))
}

extension Set<String> {
  /// The member that is equal to a text, perhaps in another normal form.
  fileprivate func spelling(of text: String) -> String? { firstIndex(of: text).map { self[$0] } }
}

/// Taken apart by scalars: a combining mark at a tag's beginning would make one character with the
/// separator.
private func tags(_ text: String) -> Set<String> {
  var tags: Set<String> = []
  for part in text.unicodeScalars.split(separator: ",") {
    let words = part.split(separator: " ").map { String($0) }
    if !words.isEmpty { tags.insert(words.joined(separator: " ")) }
  }
  return tags
}
