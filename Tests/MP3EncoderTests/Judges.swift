import Foundation

/// Programs of others that read MP3s.
enum Judge {
  static let hasFFmpeg = find("ffmpeg") != nil
  static let hasMPG123 = find("mpg123") != nil

  /// What ffmpeg decodes, one array for each channel, and what it says on the way.
  static func decode(_ mp3: [UInt8], channels: Int) throws -> (channels: [[Float]], complaints: String) {
    try withFile(mp3) { file in
      let arguments = ["-v", "warning", "-i", file, "-f", "f32le", "-c:a", "pcm_f32le", "-"]
      let (output, complaints) = try run("ffmpeg", arguments)
      let samples = unsafe output.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
      let frames = samples.count / channels
      return ((0..<channels).map { channel in (0..<frames).map { samples[$0 * channels + channel] } }, complaints)
    }
  }

  /// What mpg123 has to say against the MP3.
  static func mpg123Complaints(_ mp3: [UInt8]) throws -> String {
    try withFile(mp3) { try run("mpg123", ["-q", "-t", $0]).complaints }
  }

  /// The size of the MP3 that ffmpeg makes, without tags.
  static func ffmpegSize(of sound: Sound, _ options: [String]) throws -> Int {
    let interleaved = (0..<sound.count).flatMap { index in
      sound.channels == 2 ? [sound.left[index], sound.right[index]] : [sound.left[index]]
    }
    return try withFile(unsafe interleaved.withUnsafeBytes { unsafe Array($0) }) { file in
      let input = ["-v", "error", "-f", "f32le", "-ar", "\(sound.rate)", "-ac", "\(sound.channels)", "-i", file]
      return try run(
        "ffmpeg",
        input + ["-c:a", "libmp3lame"] + options + ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3", "-"]
      )
      .output.count
    }
  }

  /// One of ffprobe's answers, `key=value` lines.
  static func probe(_ mp3: [UInt8], _ options: [String]) throws -> String {
    try withFile(mp3) { file in
      String(decoding: try run("ffprobe", ["-v", "error"] + options + [file]).output, as: UTF8.self)
    }
  }

  /// What ffprobe tells people about the MP3.
  static func description(_ mp3: [UInt8]) throws -> String {
    try withFile(mp3) { try run("ffprobe", ["-v", "info", "-hide_banner", $0]).complaints }
  }

  private static func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let file = FileManager.default.temporaryDirectory.appending(component: "\(UUID()).mp3")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> (output: Data, complaints: String) {
    let process = Process()
    process.executableURL = find(program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let complaints = FileManager.default.temporaryDirectory.appending(component: "\(UUID()).log")
    try Data().write(to: complaints)
    defer { try? FileManager.default.removeItem(at: complaints) }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: complaints)
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (data, String(decoding: try Data(contentsOf: complaints), as: UTF8.self))
  }

  private static func find(_ program: String) -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    return path.split(separator: ":").map { URL(filePath: "\($0)/\(program)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
