import Testing
import WireFormats

@Suite struct URLEncodedFormTests {
  @Test func fieldsAreDecoded() {
    #expect(
      URLEncodedForm.parse("name=a+b%2Bc&scopes=upload%2Cdownload") == [
        "name": ["a b+c"], "scopes": ["upload,download"],
      ])
    #expect(URLEncodedForm.parse("a=1&a=2&b&=3&c=d=e&&") == ["a": ["1", "2"], "b": [""], "": ["3"], "c": ["d=e"]])
    #expect(URLEncodedForm.parse("n%5B%5D=%E2%82%AC&n[0]=x") == ["n[]": ["€"], "n[0]": ["x"]])
    #expect(URLEncodedForm.parse("") == [:])
  }

  @Test(arguments: ["a=%", "a=%zz", "a=%ff", "%c3=1"])
  func escapesThatAreNoneAreNotGuessedAt(text: String) {
    #expect(URLEncodedForm.parse(text) == nil)
  }
}
