import Foundation
import SyncCore

/// Makes the rows of workload W: Vietnamese prose of the lengths that councils write.
struct WorkloadGenerator {
  var random: SeededRandom
  private let words: [Word]
  /// The sum of the weights up to and with each word; common words come first.
  private let weights: [Double]
  private var milliseconds: Int64 = 1_764_000_000_000
  private var organisations: [String] = []
  private var places: [String] = []
  private var units: [String] = []

  private struct Word {
    let text: String
    let capitalised: String
    let length: Int
  }

  private static let kinds = [
    "phien_hop", "giam_sat", "tiep_xuc_cu_tri", "chat_van", "tham_tra", "hoi_nghi",
  ]
  private static let forms = ["truc_tiep", "truc_tuyen", "ket_hop"]
  private static let statuses = [
    ["du_thao", "dang_dien_ra", "da_ket_thuc", "da_cong_bo", "luu_tru"],
    ["moi", "da_gui", "dang_xu_ly", "da_tra_loi", "hoan_thanh", "qua_han"],
  ]

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    words = Self.vocabulary.split(whereSeparator: \.isWhitespace).map { word in
      Word(
        text: String(word), capitalised: word.prefix(1).uppercased() + word.dropFirst(),
        length: word.unicodeScalars.count)
    }
    var sum = 0.0
    weights = words.indices.map { index in
      sum += 1 / Double(index + 3)
      return sum
    }
    organisations = (0..<120).map { _ in prose(28) }
    places = (0..<300).map { _ in prose(32) }
    units = (0..<400).map { _ in
      String(format: "%02d.%03d.%02d", below(63) + 1, below(700) + 1, below(100))
    }
  }

  /// A session followed by its recommendations.
  mutating func session(number: Int, recommendations: Int) -> [Workload.Row] {
    let (id, firstDay) = (identifier(after: 4000), below(800))
    let values: [Value] = [
      .text(id), pick(Self.kinds), .integer(Int64(number)), .text(prose(60)), pick(units),
      pick(organisations), pick(Self.forms), pick(Self.statuses[0]), day(firstDay),
      day(firstDay + below(5)), pick(places), .text(prose(300)), .text(prose(120)), stamp(),
    ]
    var rows = [Workload.Row(table: 0, values: values)]
    for position in 0..<recommendations {
      let isAnswered = below(1000) != 0
      let values: [Value] = [
        .text(identifier(after: 900)), .text(id), .integer(Int64(position + 1)), .text(prose(200)),
        pick(organisations), pick(Self.statuses[1]), day(firstDay + 20 + below(71)),
        isAnswered ? .text(prose(100)) : .null, isAnswered ? day(firstDay + 5 + below(56)) : .null,
        stamp(),
      ]
      rows.append(Workload.Row(table: 1, values: values))
    }
    return rows
  }

  mutating func status(of table: Int, otherThan current: Value) -> Value {
    pick(Self.statuses[table].filter { .text($0) != current })
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

  private mutating func pick(_ choices: [String]) -> Value { .text(choices[below(choices.count)]) }

  /// Words of about the given number of characters, a fifth more or less.
  private mutating func prose(_ length: Int) -> String {
    let wanted = Int(Double(length) * Double.random(in: 0.8...1.2, using: &random))
    var text = ""
    var written = 0
    var isFirst = true
    while written < wanted {
      let word = commonWord()
      let chance = below(100)
      if chance >= 10, chance < 13 {
        let number = String(below(2030) + 1)
        text += number + " "
        written += number.count + 1
      }
      text += isFirst ? word.capitalised : word.text
      isFirst = chance >= 6 && chance < 10
      text += chance < 6 ? ", " : isFirst ? ". " : " "
      written += word.length + (chance < 10 ? 2 : 1)
    }
    return String(String(text.unicodeScalars.prefix(wanted)).trimmingCharacters(in: .whitespaces))
  }

  private mutating func commonWord() -> Word {
    let wanted = Double.random(in: 0..<(weights.last ?? 1), using: &random)
    var (low, high) = (0, weights.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if weights[middle] <= wanted { low = middle + 1 } else { high = middle }
    }
    return words[low]
  }

  /// A ULID: ten characters of time, sixteen of chance.
  private mutating func identifier(after pause: Int) -> String {
    milliseconds += Int64(below(pause) + 1)
    let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    var characters: [UInt8] = []
    for index in 0..<10 { characters.append(digits[Int(milliseconds >> (45 - 5 * index)) & 31]) }
    for _ in 0..<16 { characters.append(digits[below(32)]) }
    return String(decoding: characters, as: UTF8.self)
  }

  private func day(_ number: Int) -> Value {
    let seconds = Double(1_704_067_200 + 86_400 * number)
    return .text(
      Date(timeIntervalSince1970: seconds).formatted(.iso8601.year().month().day()))
  }

  private func stamp() -> Value {
    let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    return .text(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
  }

  private static let vocabulary = """
    của và các về trong được với cho tại theo đến từ không có là một những để khi việc này đã
    công tác kiểm tra giám sát đoàn hội đồng nhân dân tỉnh huyện xã ủy ban quốc chính phủ bộ tài
    nguyên môi trường đất đai quy hoạch xây dựng giao thông thủy lợi nông nghiệp phát triển thôn
    mới giáo dục đào tạo y tế bảo hiểm hội lao động thương binh doanh nghiệp đầu tư ngân sách
    thu chi quyết toán dự án tiến độ giải ngân chậm khó khăn vướng mắc kiến nghị đề xuất cử tri
    phản ánh trả lời giải quyết khiếu nại tố cáo đơn thư tiếp dân nghị quyết luật pháp lệnh
    thông tư hướng dẫn thực hiện tổ chức triển khai kết quả đạt hạn chế tồn tại nguyên nhân
    trách nhiệm cơ quan đơn vị sở phòng ban ngành địa phương cấp trung ương thời gian tới nhiệm
    vụ giải pháp trọng tâm tăng cường nâng cao hiệu chất lượng quản lý sử dụng rừng biển đảo
    biên giới an ninh quốc phòng trật tự toàn chữa cháy nước sạch điện lưới đường cầu trạm bệnh
    viện học sinh giáo viên biên chế tuyển dụng lương chính sách ưu đãi hộ nghèo cận dân tộc
    thiểu số miền núi vùng sâu xa hỗ trợ vay vốn ngân hàng tín dụng lãi suất thuế phí lệ giá thị
    trường hàng hóa xuất khẩu nhập thủ tục hành cải cách một cửa dịch vụ công trực tuyến số hóa
    chuyển đổi dữ liệu cơ sở hạ tầng khu công nghiệp cụm làng nghề du lịch văn hóa thể thao di
    tích lịch sử bảo tồn ô nhiễm chất thải rắn xử lý vi phạm thanh tra kiểm toán phòng chống
    tham nhũng tiết kiệm lãng phí cán bộ đảng viên mặt trận đoàn thể phụ nữ thanh niên cựu chiến
    binh họp phiên kỳ chuyên đề thường lệ bất thường báo cáo tờ trình thẩm tra dự thảo biểu
    quyết thông qua kết luận chủ tọa thư ký bồi thường giải phóng mặt bằng tái định cư giấy
    chứng nhận quyền nhà ở thu hồi giao cho thuê khoáng sản cát sỏi đê điều sạt lở bão lụt hạn
    hán xâm nhập mặn cây trồng vật nuôi dịch bệnh tiêm phòng thú sản phẩm hợp tác liên kết chuỗi
    giá trị ocop tiêu thụ
    """
}

/// SplitMix64: the same numbers on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
