/// Prometheus' text format 0.0.4, written line by line (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct ExpositionText {
  private(set) var text = ""

  /// Says what the family's lines are, which follow at once.
  mutating func type(of family: FamilyID) {
    text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
  }

  /// One line: the value of one series now.
  mutating func sample(_ name: String, _ labels: LabelSet, _ value: Double) {
    let series = labels.pairs.isEmpty ? name : "\(name){\(labels.pairs)}"
    text += "\(series) \(Self.number(value))\n"
  }

  /// A value as Go's ParseFloat reads it, without a fraction where it has none.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }
}
