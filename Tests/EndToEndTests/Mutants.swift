import Foundation
import Testing

/// A media file to be spoiled.
struct Original: Sendable {
  let path: String
  /// As libavformat calls it.
  let container: String

  var name: String { URL(filePath: path).lastPathComponent }
}

/// A file that zzuf(1) makes of another by turning some of its bits over. The same number gives the same bytes, as long
/// as the originals are the same.
struct Mutant: Sendable, CustomStringConvertible {
  /// It is zzuf's seed, too.
  let number: Int
  let original: Original
  /// How much of all bits.
  let ratio: String

  var name: String { "\(number)-\(original.name)" }
  var description: String { "\(name) (of its bits \(ratio))" }
}

/// The originals, and which mutant has which of them.
struct Breed: Sendable {
  let originals: [Original]

  /// In each KiB, and a head is seldom longer, the smallest turns one bit over and the largest eighty.
  private static let ratios = ["0.0001", "0.0003", "0.001", "0.003", "0.01"]

  var containers: Set<String> { Set(originals.map(\.container)) }

  /// One after the other each original has its turn, and each time another ratio.
  func mutant(_ number: Int) -> Mutant {
    let (round, turn) = number.quotientAndRemainder(dividingBy: originals.count)
    return Mutant(
      number: number, original: originals[turn], ratio: Self.ratios[(round + turn) % Self.ratios.count])
  }
}

extension Scratch {
  /// Makes these mutants in a directory that is there.
  func make(_ mutants: [Mutant], in directory: String) async throws {
    let plan = mutants.map { "\($0.number)\t\($0.ratio)\t\($0.original.path)\t\(directory)/\($0.name)\n" }
    let script =
      #"while IFS=$'\t' read -r seed ratio original mutant; do zzuf -s "$seed" -r "$ratio" <"$original" >"$mutant"; done"#
    try await run("bash", ["-ec", script], input: plan.joined())
  }

  /// Makes an original of each kind that ffmpeg writes and mp3spool reads, and adds the small media files of the corpus.
  func breed() async throws -> Breed {
    try FileManager.default.createDirectory(atPath: path("originals"), withIntermediateDirectories: true)
    let clip = try await video(
      "clip.nut", seconds: 1, rate: 48000, "-c:v", "ffv1", "-c:a", "pcm_s16le", "-metadata", "title=A title",
      "-metadata", "artist=An artist")
    var originals = corpus
    for (name, options) in kinds {
      let target = path("originals/\(name)")
      let words = options.split(separator: " ").map(String.init)
      // Without its random ids and dates the same file comes out each time.
      let same = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-threads", "1"]
      try await run("ffmpeg", ["-nostdin", "-v", "error", "-i", clip, "-r", "25"] + words + same + [target])
      originals.append(Original(path: target, container: try await probe(target).format.formatName))
    }
    return Breed(originals: originals)
  }

  private var corpus: [Original] {
    CorpusFile.all.filter { !["(none)", "hls"].contains($0.container) && (1..<1 << 20).contains($0.byteCount) }
      .map { Original(path: $0.path, container: $0.container) }
  }
}

extension CorpusFile {
  fileprivate var byteCount: Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }
}

/// File names, whose ending chooses the container, and ffmpeg's options.
private let kinds = [
  ("aac.mp4", "-c:v mpeg4 -c:a aac"),
  ("fragments.mp4", "-c:v mpeg4 -c:a aac -movflags frag_keyframe+empty_moov"),
  ("alac.m4a", "-vn -c:a alac"),
  ("pcm.mov", "-c:v mpeg4 -c:a pcm_s16be"),
  ("vorbis.mkv", "-c:v mpeg4 -c:a libvorbis"),
  ("dts.mkv", "-vn -c:a dca -strict -2"),
  ("opus.webm", "-c:v libvpx -c:a libopus"),
  ("mp2.ts", "-c:v mpeg2video -c:a mp2"),
  ("aac.ts", "-c:v mpeg2video -c:a aac"),
  ("ac3.vob", "-c:v mpeg2video -c:a ac3"),
  ("mp3.avi", "-c:v mpeg4 -c:a libmp3lame"),
  ("pcm.avi", "-c:v mpeg4 -c:a pcm_s16le"),
  ("mp3.flv", "-c:v flv1 -c:a libmp3lame -ar 44100"),
  ("nellymoser.flv", "-vn -c:a nellymoser -ar 44100 -ac 1"),
  ("wma2.wmv", "-c:v wmv2 -c:a wmav2"),
  ("wma1.asf", "-vn -c:a wmav1"),
  ("opus.ogg", "-vn -c:a libopus"),
  ("speex.ogg", "-vn -c:a libspeex -ar 16000"),
  ("theora.ogv", "-c:v libtheora -c:a libvorbis"),
  ("pcm.wav", "-vn -c:a pcm_s16le"),
  ("adpcm.wav", "-vn -c:a adpcm_ms"),
  ("float.w64", "-vn -c:a pcm_f32le"),
  ("flac.flac", "-vn -c:a flac"),
  ("mp3.mp3", "-vn -c:a libmp3lame"),
  ("pcm.mxf", "-c:v mpeg2video -c:a pcm_s16le"),
  ("alac.caf", "-vn -c:a alac"),
  ("pcm.aiff", "-vn -c:a pcm_s16be"),
  ("mulaw.au", "-vn -c:a pcm_mulaw"),
  ("pcm.voc", "-vn -c:a pcm_u8"),
  ("wavpack.wv", "-vn -c:a wavpack"),
  ("tta.tta", "-vn -c:a tta"),
  ("adts.aac", "-vn -c:a aac"),
  ("ac3.ac3", "-vn -c:a ac3"),
  ("eac3.eac3", "-vn -c:a eac3"),
  ("dts.dts", "-vn -c:a dca -strict -2"),
  ("truehd.thd", "-vn -c:a truehd -strict -2 -f truehd"),
  ("mp3.nut", "-c:v mpeg4 -c:a libmp3lame"),
  ("ra144.rm", "-vn -c:a real_144 -ar 8000 -ac 1"),
  ("mp2.wtv", "-c:v mpeg2video -c:a mp2"),
]
