import Foundation

/// A picture of how costs grow with the number of rows: both axes logarithmic, so that a cost for each
/// row that does not grow is a level line.
struct GrowthChart {
  /// One cost: what it is called, and what it was for which number of rows.
  private struct Line {
    let name: String
    let unit: Figure.Unit
    var points: [(rows: Double, value: Double)] = []
  }

  private let title: String
  private var lines: [Line] = []

  /// - Parameters:
  ///   - figures: Those whose names end in a number of rows make up the lines.
  ///   - title: Stands above.
  init(_ figures: [Figure], title: String) {
    self.title = title
    for figure in figures {
      let parts = figure.name.split(separator: "/")
      guard parts.count == 3, let rows = parts.last.flatMap({ Double($0) }), figure.value > 0 else {
        continue
      }
      let name = GrowthCost(rawValue: String(parts[1]))?.label ?? String(parts[1])
      if !lines.contains(where: { $0.name == name }) {
        lines.append(Line(name: name, unit: figure.unit))
      }
      for index in lines.indices where lines[index].name == name {
        lines[index].points.append((rows, figure.value))
      }
    }
  }

  private enum Layout {
    static let (width, height) = (960.0, 560.0)
    static let (left, right, top, bottom) = (80.0, 640.0, 60.0, 500.0)
    /// Labels nearer to one another than this could not be read.
    static let labelDistance = 18.0
  }

  private static let colours = [
    "#666666", "#1b6ca8", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#117a65",
  ]

  /// The picture.
  var svg: String {
    let points = lines.flatMap(\.points)
    let rows = Axis(points.map(\.rows), from: Layout.left, to: Layout.right)
    let values = Axis(points.map(\.value), from: Layout.bottom, to: Layout.top)
    let places = labelPlaces(values)
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(text(Layout.width))" \
      height="\(text(Layout.height))" viewBox="0 0 \(text(Layout.width)) \(text(Layout.height))" font-family="sans-serif" font-size="13">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(text(Layout.left))" y="32" font-size="17">\(escaped(title))</text>
      """
    ]
    parts += rows.powers.map { power in
      let x = text(rows.place(of: power))
      return """
        <line x1="\(x)" y1="\(text(Layout.top))" x2="\(x)" y2="\(text(Layout.bottom))" \
        stroke="#dddddd"/>
        <text x="\(x)" y="\(text(Layout.bottom + 20))" text-anchor="middle">\(label(power))</text>
        """
    }
    parts += values.powers.map { power in
      let y = values.place(of: power)
      return """
        <line x1="\(text(Layout.left))" y1="\(text(y))" x2="\(text(Layout.right))" \
        y2="\(text(y))" stroke="#dddddd"/>
        <text x="\(text(Layout.left - 8))" y="\(text(y + 4))" text-anchor="end">\(label(power))</text>
        """
    }
    parts.append(
      """
      <text x="\(text((Layout.left + Layout.right) / 2))" y="\(text(Layout.bottom + 44))" \
      text-anchor="middle">rows</text>
      """)
    for (index, line) in lines.enumerated() {
      parts.append(
        drawn(line, Self.colours[index % Self.colours.count], rows, values, labelAt: places[index]))
    }
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  private func drawn(
    _ line: Line, _ colour: String, _ rows: Axis, _ values: Axis, labelAt place: Double
  ) -> String {
    let points = line.points.map { (x: rows.place(of: $0.rows), y: values.place(of: $0.value)) }
    let path = points.map { "\(text($0.x)),\(text($0.y))" }.joined(separator: " ")
    let dots = points.map {
      "<circle cx=\"\(text($0.x))\" cy=\"\(text($0.y))\" r=\"3.5\" fill=\"\(colour)\"/>"
    }
    return """
      <polyline points="\(path)" fill="none" stroke="\(colour)" stroke-width="2"/>
      \(dots.joined())
      <text x="\(text(Layout.right + 14))" y="\(text(place + 4))" fill="\(colour)">\
      \(escaped(line.name)), \(escaped(line.unit.rawValue))</text>
      """
  }

  /// Where each line's label stands: beside its last point, or a little lower so that none covers
  /// another.
  private func labelPlaces(_ values: Axis) -> [Double] {
    var places = lines.map { values.place(of: $0.points.last?.value ?? 1) }
    var last = -Double.infinity
    for index in places.indices.sorted(by: { places[$0] < places[$1] }) {
      places[index] = max(places[index], last + Layout.labelDistance)
      last = places[index]
    }
    return places
  }

  private func label(_ number: Double) -> String {
    number >= 1 ? grouped(Int(number.rounded())) : String(format: "%g", number)
  }

  private func text(_ number: Double) -> String { String(format: "%.1f", number) }

  private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}

/// A logarithmic axis from one power of ten to another.
private struct Axis {
  private let (low, high): (Double, Double)
  private let (start, end): (Double, Double)

  init(_ values: [Double], from start: Double, to end: Double) {
    low = (log10(values.min() ?? 1) + 1e-9).rounded(.down)
    high = max(low + 1, (log10(values.max() ?? 10) - 1e-9).rounded(.up))
    (self.start, self.end) = (start, end)
  }

  /// The powers of ten on it.
  var powers: [Double] { (Int(low)...Int(high)).map { pow(10, Double($0)) } }

  func place(of value: Double) -> Double {
    start + (log10(value) - low) / (high - low) * (end - start)
  }
}
