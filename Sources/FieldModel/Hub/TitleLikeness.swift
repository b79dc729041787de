/// How alike two titles are, whatever their accents, abbreviations and set phrases.
enum TitleLikeness {
  /// From this on two titles may mean the same session (model U8).
  static let threshold = 0.6

  /// Words that nearly every title has, and that therefore tell nothing: “giám sát việc … tại”.
  private static let commonWords: Set<String> = [
    "giam", "sat", "viec", "o", "tai", "cac", "cua", "ve", "cho", "thuc", "hien", "hoat", "dong",
    "cuoc", "trong", "va", "tren", "dia", "ban", "theo", "tinh", "hinh", "cong", "tac",
  ]

  private static let abbreviations = [
    "tt": "thi tran", "tp": "thanh pho", "tx": "thi xa", "ubnd": "uy ban nhan dan",
    "hdnd": "hoi dong nhan dan", "mttq": "mat tran to quoc",
    "nhcsxh": "ngan hang chinh sach xa hoi", "ntm": "nong thon moi", "bhyt": "bao hiem y te",
    "dtts": "dan toc thieu so", "gpmb": "giai phong mat bang", "tdc": "tai dinh cu",
  ]

  /// The share of their trigrams that both have: 1 for the same words, 0 for nothing in common.
  static func of(_ one: String, _ other: String) -> Double {
    let (left, right) = (trigrams(of: one), trigrams(of: other))
    let shared = left.intersection(right).count
    let all = left.count + right.count - shared
    return all == 0 ? 1 : Double(shared) / Double(all)
  }

  private static func trigrams(of title: String) -> Set<String> {
    let words = folded(title).split(separator: " ").map(String.init)
      .flatMap { (abbreviations[$0] ?? $0).split(separator: " ").map(String.init) }
    let telling = words.filter { !commonWords.contains($0) }
    var trigrams: Set<String> = []
    for word in telling.isEmpty ? words : telling {
      let padded = Array("  \(word) ")
      for start in 0..<(padded.count - 2) { trigrams.insert(String(padded[start..<(start + 3)])) }
    }
    return trigrams
  }

  /// Lower case without marks or punctuation: “Phú Quý” and “PHÚ QUÍ” differ by a letter only.
  private static func folded(_ text: String) -> String {
    String(Folding.fold(text).map { $0.isLetter || $0.isNumber ? $0 : " " })
  }
}
