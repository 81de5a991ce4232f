import CFFmpeg
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Decoder

/// What libav* may use of what it has.
@Suite struct FormatsTests {
  /// Playlists and what else names other files, protocols, devices, pictures, synthesizers, trackers' and games' music.
  private static let forbidden = [
    "hls", "applehttp", "dash", "webm_dash_manifest", "concat", "imf", "sdp", "rtsp", "rtp", "sap", "redir", "bluray",
    "image2", "image2pipe", "png_pipe", "jpeg_pipe", "svg_pipe", "lavfi", "ffmetadata", "tty", "libopenmpt",
    "libmodplug", "libgme", "alsa", "pulse", "oss", "jack", "v4l2", "fbdev", "kmsgrab", "x11grab", "xcbgrab",
    "dvdvideo", "vapoursynth", "avisynth", "data", "rawvideo", "h264", "hevc", "srt", "ass", "webvtt",
  ]

  @Test func noDemuxerLeadsElsewhere() {
    #expect(Set(Formats.demuxers).isDisjoint(with: Self.forbidden))
    #expect(Set(Formats.demuxers).count == Formats.demuxers.count)
  }

  /// Also pictures are no sound: what lies in a file as its cover is copied as it is.
  @Test func everyDecoderIsOneOfSound() throws {
    let kinds = try kinds(listedBy: "-decoders")
    let known = Formats.decoders.filter { kinds[$0] != nil }
    for name in known { #expect(kinds[name]?.first == "A", "\(name)") }
    #expect(known.count > Formats.decoders.count * 3 / 4, "ffmpeg knows only \(known)")
  }

  @Test func anOpenFileHasNoWayToAnother() throws {
    let media = try TestMedia()
    let path = try media.silence("a.wav", seconds: 1)
    let input = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? input.close() }
    let file = try MediaFile(InputFile(input.rawValue), DecodeLimits())
    let (name, protocols) = unsafe (
      String(cString: file.context.pointee.url), String(cString: file.context.pointee.protocol_whitelist)
    )
    #expect(name.isEmpty && protocols == "none")
    let flags = unsafe file.context.pointee.flags
    #expect(flags & AVFMT_FLAG_CUSTOM_IO != 0)
    var other: UnsafeMutablePointer<AVIOContext>?
    let code = unsafe file.context.pointee.io_open(file.context, &other, path, AVIO_FLAG_READ, nil)
    let isOpen = unsafe other != nil
    #expect(code == -EPERM && !isOpen)
  }

  /// Of each name the flags before it, as in ` A....D aac   AAC (Advanced Audio Coding)`.
  private func kinds(listedBy option: String) throws -> [String: String] {
    let text = String(decoding: try run("ffmpeg", ["-hide_banner", option]), as: UTF8.self)
    let rows = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    return Dictionary(rows.filter { $0.count > 2 }.map { ($0[1], $0[0]) }) { first, _ in first }
  }
}
