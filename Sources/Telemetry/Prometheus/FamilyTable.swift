/// All series by family and labels: who has which name, and where a family is full.
struct FamilyTable {
  /// How many label sets a family may have, besides the overflow series.
  let seriesLimit: Int

  private var families: [FamilyID: [LabelSet: any Series]] = [:]
  /// The family to which each line's name belongs.
  private var owners: [String: FamilyID] = [:]

  init(seriesLimit: Int) { self.seriesLimit = seriesLimit }

  /// The series of this name and these labels, or of the overflow labels where the family is full; made on first use.
  mutating func series<S: Series>(_ name: String, _ labels: LabelSet, make: (SeriesID) -> S) -> S {
    let family = family(name, S.kind)
    let id = SeriesID(family: family, labels: admitted(labels, to: family))
    if let known = families[family]?[id.labels] as? S { return known }
    let series = make(id)
    families[family, default: [:]][id.labels] = series
    for sampleName in family.sampleNames { owners[sampleName] = family }
    return series
  }

  /// Forgets a series and, with its last one, the family.
  ///
  /// The overflow series stays, since it has many users. A series that is gone already is no failure, even where
  /// another has taken its place.
  mutating func remove(_ series: any Series) {
    let id = series.id
    guard id.labels != .overflow, families[id.family]?[id.labels] === series else { return }
    families[id.family]?[id.labels] = nil
    guard families[id.family]?.isEmpty == true else { return }
    families[id.family] = nil
    for sampleName in id.family.sampleNames { owners[sampleName] = nil }
  }

  /// All families by name, each with its series by labels, so that two expositions can be compared line by line.
  func inOrder() -> [(family: FamilyID, series: [any Series])] {
    families.sorted { $0.key.name < $1.key.name }.map { family, series in
      (family, series.sorted { $0.key.pairs < $1.key.pairs }.map(\.value))
    }
  }

  /// The family of that name, or of a longer one where another kind has the name: two `# TYPE` lines for it would make
  /// the whole exposition unreadable.
  private func family(_ name: String, _ kind: MetricKind) -> FamilyID {
    var family = FamilyID(name: name, kind: kind)
    while !family.sampleNames.allSatisfy({ owners[$0, default: family] == family }) {
      family = FamilyID(name: "\(family.name)_\(kind.rawValue)", kind: kind)
    }
    return family
  }

  private func admitted(_ labels: LabelSet, to family: FamilyID) -> LabelSet {
    let known = families[family, default: [:]]
    let count = known.count - (known[.overflow] == nil ? 0 : 1)
    return known[labels] != nil || count < seriesLimit ? labels : .overflow
  }
}
