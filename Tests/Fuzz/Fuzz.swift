import Glibc

/// Has libFuzzer feed one of the targets: `Fuzz --target=NAME [libFuzzer's arguments]`; `Fuzz --list` names them all.
enum Fuzz {
  /// Each takes any bytes, and crashes where the code that it tries does not what it promises.
  private static let targets: KeyValuePairs<String, @Sendable ([UInt8]) -> Void> = [
    "pipe": PipeTarget.run,
    "messages": MessagesTarget.run,
    "timeline": TimelineTarget.run,
    "boxes": BoxesTarget.run,
    "decoder": DecoderTarget.run,
    "multipart": MultipartTarget.run,
    "ranges": RangesTarget.run,
    "headers": HeadersTarget.run,
    "tus": TusTarget.run,
    "notices": NoticesTarget.run,
    "file-names": FileNamesTarget.run,
    "options": OptionsTarget.run,
    "frames": FramesTarget.run,
    "job-names": JobNamesTarget.run,
    "records": RecordsTarget.run,
    "tokens": TokensTarget.run,
    "claims": ClaimsTarget.run,
    "settings": SettingsTarget.run,
  ]

  /// libFuzzer leaves arguments with two hyphens alone, and hands them on to the processes that it starts itself.
  private static let chosen: (@Sendable ([UInt8]) -> Void)? = {
    let names = CommandLine.arguments.compactMap { $0.hasPrefix("--target=") ? $0.dropFirst(9) : nil }
    return targets.first { names.contains($0.key[...]) }?.value
  }()

  fileprivate static func run(_ bytes: [UInt8]) { chosen?(bytes) }

  fileprivate static func begin() {
    if CommandLine.arguments.contains("--list") {
      for target in targets { print(target.key) }
      exit(0)
    }
    guard chosen != nil else { fatalError("There is no such target; the targets are \(targets.map(\.key)).") }
  }
}

// The program's main is libFuzzer's, which calls these two (FuzzerInterface.h, compiler-rt).

@c(LLVMFuzzerInitialize) func initialize(_ count: OpaquePointer, _ words: OpaquePointer) -> CInt {
  Fuzz.begin()
  return 0
}

@c(LLVMFuzzerTestOneInput) func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  Fuzz.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
