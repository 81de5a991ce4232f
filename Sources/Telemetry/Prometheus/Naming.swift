/// What a metric is to Prometheus; the raw value is the word on its `# TYPE` line.
enum MetricKind: String, Sendable {
  case counter, gauge, histogram
}

/// All series of one name, which have one kind.
struct FamilyID: Hashable, Sendable {
  let name: String
  let kind: MetricKind

  /// What this family's lines begin with; no other family may use these names.
  var sampleNames: [String] {
    kind == .histogram ? [name] + ["_bucket", "_sum", "_count"].map { name + $0 } : [name]
  }
}

/// One series: its family and the labels that tell it from the others there.
struct SeriesID: Hashable, Sendable {
  let family: FamilyID
  let labels: LabelSet
}

/// A series' labels in the form in which the exposition shows them, so that equal sets are equal texts in any order.
struct LabelSet: Hashable, Sendable {
  /// Takes the place of every label set that comes after a family is full.
  static let overflow = LabelSet([("overflow", "true")])

  /// `name="value"` pairs with commas between them, ordered by name; empty where there are no labels.
  let pairs: String

  /// Makes labels of swift-metrics' dimensions.
  ///
  /// An empty value is left out, since to Prometheus it is the same as no label
  /// (https://prometheus.io/docs/concepts/data_model/). Values whose names become one are joined by semicolons.
  init(_ dimensions: [(String, String)]) {
    let labels = dimensions.filter { !$0.1.isEmpty }.map { ($0.0.asLabelName, $0.1) }
    pairs = Dictionary(labels) { "\($0);\($1)" }.sorted { $0.key < $1.key }
      .map { "\($0.key)=\"\($0.value.escaped)\"" }.joined(separator: ",")
  }

  private init(pairs: String) { self.pairs = pairs }

  /// The same labels and the upper bound of a histogram's bucket.
  func upTo(_ bound: Double) -> LabelSet {
    let le = "le=\"\(ExpositionText.number(bound))\""
    return LabelSet(pairs: pairs.isEmpty ? le : "\(pairs),\(le)")
  }
}

extension String {
  /// This swift-metrics label as a metric's name: all but ASCII letters, digits and underscores become underscores.
  ///
  /// Colons too, since they are for recording rules (https://prometheus.io/docs/concepts/data_model/).
  var asMetricName: String {
    let name = String(unicodeScalars.map { $0.isNameScalar ? Character($0) : "_" })
    guard let first = name.first, !first.isNumber else { return "_" + name }
    return name
  }

  /// This string with `suffix` at its end, once.
  func ending(in suffix: String) -> String { hasSuffix(suffix) ? self : self + suffix }

  /// As `asMetricName`, but no name that is taken: `le` is the histogram's, two underscores in front are Prometheus's.
  fileprivate var asLabelName: String {
    let name = asMetricName
    return name == "le" || name.hasPrefix("__") ? "exported_" + name : name
  }

  /// With `\`, `"` and line feed escaped (https://prometheus.io/docs/instrumenting/exposition_formats/, line format).
  ///
  /// Scalar by scalar, since CR LF is one `Character`, as is a quotation mark with an accent.
  fileprivate var escaped: String {
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar {
      case "\\", "\"": text.append(contentsOf: ["\\", scalar])
      case "\n": text.append(contentsOf: ["\\", "n"])
      default: text.append(scalar)
      }
    }
    return String(text)
  }
}

extension Unicode.Scalar {
  fileprivate var isNameScalar: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }
}
