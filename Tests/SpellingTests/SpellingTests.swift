import Testing

@testable import Spelling

@Suite struct SpellingTests {
  private let commands = ["convert", "serve", "submit", "jobs", "show", "retry", "user", "top"]

  @Test(arguments: [
    ("convrt", "convert"), ("CONVERT", "convert"), ("conevrt", "convert"), ("job", "jobs"), ("submitt", "submit"),
    ("sevre", "serve"), ("topp", "top"), ("sohw", "show"),
  ])
  func nearWordIsGuessed(word: String, meant: String) {
    #expect(Spelling.guess(word, among: commands) == meant)
  }

  @Test(arguments: ["nonsense", "", "x", "delete", "t"])
  func farWordIsNot(word: String) {
    #expect(Spelling.guess(word, among: commands) == nil)
    #expect(Spelling.question(word, among: commands).isEmpty)
  }

  @Test func questionNamesTheWord() {
    #expect(Spelling.question("crb-128", among: ["abr-128", "cbr-128"]) == " Did you mean “cbr-128”?")
  }

  @Test(arguments: [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("abc", "cab", 2)])
  func distanceCountsSteps(one: String, other: String, steps: Int) {
    #expect(Spelling.distance(Array(one), Array(other)) == steps)
    #expect(Spelling.distance(Array(other), Array(one)) == steps)
  }
}
