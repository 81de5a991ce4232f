/// Guesses which of the words that exist somebody meant.
public enum Spelling {
  /// The nearest of `words`, upper and lower case being the same; nil where none is near. About a third of the letters may
  /// be wrong, missing, too many or, where they stand together, exchanged.
  public static func guess(_ word: String, among words: some Sequence<String>) -> String? {
    let given = Array(word.lowercased())
    let limit = max(1, (given.count + 1) / 3)
    var best: (word: String, distance: Int)?
    for candidate in words {
      let distance = distance(given, Array(candidate.lowercased()))
      // A word of which nothing is left is no misspelling of the other.
      guard distance <= limit, distance < given.count, distance < best?.distance ?? .max else { continue }
      best = (candidate, distance)
    }
    return best?.word
  }

  /// A sentence to stand behind another one, ` Did you mean “preset”?`; empty where nothing is near.
  public static func question(_ word: String, among words: some Sequence<String>) -> String {
    guess(word, among: words).map { " Did you mean “\($0)”?" } ?? ""
  }

  /// How many letters must be put in, taken out, changed, or exchanged with their neighbour: the optimal string alignment
  /// distance, by its table's last three rows.
  static func distance(_ one: [Character], _ other: [Character]) -> Int {
    var (before, last) = ([Int](), Array(0...other.count))
    for (row, letter) in one.enumerated() {
      var next = [row + 1]
      for (column, counterpart) in other.enumerated() {
        let isSame = letter == counterpart
        var least = min(last[column + 1] + 1, next[column] + 1, last[column] + (isSame ? 0 : 1))
        if row > 0, column > 0, letter == other[column - 1], one[row - 1] == counterpart {
          least = min(least, before[column - 1] + 1)
        }
        next.append(least)
      }
      (before, last) = (last, next)
    }
    return last[other.count]
  }
}
