import WireFormats

/// Names of files that others chose.
enum FileNamesTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    let shown = FileName.displayable(bytes)
    require((try? FileName.checked(shown)) != nil || shown.hasCharactersThatNoNameHas, "what is shown can be sent")
    var input = Portions(bytes)
    let number = Int(input.number(Int16.self))
    let language = input.text(before: 0)
    let name = input.text
    let isGood = (try? FileName.checked(name)) != nil
    _ = FileName.isPartial(name)
    for mp3 in [
      FileName.mp3Name(for: name, copy: number), FileName.mp3Name(for: name, track: number, language: language),
    ] {
      require(mp3.utf8.count <= 255, "no name is longer than a file system takes")
      require(mp3.utf8.first != UInt8(ascii: ".") && mp3.utf8.suffix(4).elementsEqual(".mp3".utf8), "\(mp3) is seen")
      require(!isGood || (try? FileName.checked(mp3)) == mp3, "a good name gives a good name")
    }
  }
}

extension String {
  /// For other reasons than that something in it is not seen.
  fileprivate var hasCharactersThatNoNameHas: Bool {
    isEmpty || self == "." || self == ".." || utf8.count > 255 || utf8.contains { "/\\".utf8.contains($0) }
  }
}
