import CLAME
import Testing
import WireFormats

@testable import MP3Encoder

@Suite struct InfoFrameTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let mode: BitrateMode
    let rate: Int
    let channels: Int
    var testDescription: String { "\(mode), \(rate) Hz, \(channels) channels" }
  }

  static let cases = [
    Case(mode: .variable(quality: 2), rate: 44100, channels: 2),
    Case(mode: .variable(quality: 0), rate: 48000, channels: 1),
    Case(mode: .variable(quality: 7), rate: 22050, channels: 2),
    Case(mode: .variable(quality: 9), rate: 8000, channels: 1),
    Case(mode: .constant(kilobitsPerSecond: 128), rate: 44100, channels: 2),
    Case(mode: .constant(kilobitsPerSecond: 320), rate: 32000, channels: 2),
    Case(mode: .constant(kilobitsPerSecond: 64), rate: 24000, channels: 1),
    Case(mode: .average(kilobitsPerSecond: 192), rate: 44100, channels: 2),
    Case(mode: .average(kilobitsPerSecond: 160), rate: 48000, channels: 2),
    Case(mode: .average(kilobitsPerSecond: 192), rate: 44100, channels: 1),
    Case(mode: .constant(kilobitsPerSecond: 320), rate: 44100, channels: 1),
    Case(mode: .average(kilobitsPerSecond: 48), rate: 11025, channels: 1),
  ]

  /// One segment is what LAME would have made alone, and so its own Info frame is right. Only its seek table is rougher.
  @Test(arguments: cases)
  func theInfoFrameIsTheOneThatLAMEWouldWrite(_ example: Case) throws {
    let sound = Sound.music(rate: example.rate, channels: example.channels, seconds: 3)
    let ours = try encode(sound, example.mode)
    let theirs = lameStream(sound, example.mode)
    let musicIsTheSame = Array(ours.music) == Array(theirs.dropFirst(ours.info.count))
    #expect(musicIsTheSame)
    #expect(comparable(ours.info) == comparable(theirs.prefix(ours.info.count)))
  }

  /// An Info frame without what may differ: the header's mode extension, which means nothing here, the seek table and the CRC.
  private func comparable(_ info: ArraySlice<UInt8>) -> [UInt8] {
    var info = Array(info)
    guard let tag = header(info)?.mainDataOffset else { return info }
    info[3] &= 0b1100_1111
    info.removeSubrange(tag + 154..<tag + 156)
    info.removeSubrange(tag + 16..<tag + 116)
    return info
  }

  @Test(arguments: cases)
  func theCRCCoversTheFrameUpToIt(_ example: Case) throws {
    let info = Array(try encode(.tone(rate: example.rate, channels: example.channels, count: 9999), example.mode).info)
    let end = header(info)!.mainDataOffset + 154
    #expect(crc(info[..<end]) == UInt16(info[end]) << 8 | UInt16(info[end + 1]))
  }

  @Test func theCRCIsTheKnownOne() {
    // The check value of CRC-16/ARC in the catalogue of parametrised CRC algorithms.
    #expect(crc("123456789".utf8) == 0xBB3D)
    #expect(crc("6789".utf8, continuing: crc("12345".utf8)) == 0xBB3D)
  }

  @Test func theInfoFrameFitsAtEveryBitrate() throws {
    var tally = FrameTally()
    tally.add(Kept(bytes: ArraySlice(repeating: 0, count: 100), lengths: [100]))
    for rate in MP3Rates.all {
      let version = MPEGVersion(sampleRate: rate)!
      for (channels, bitrate) in [1, 2].flatMap({ channels in version.bitrates.map { (channels, $0) } }) {
        var description = StreamDescription(version: version, sampleRate: rate, channels: channels)
        description.infoBitrate = bitrate
        let info = InfoFrame(description)
        let frame = try #require(header(info.placeholder))
        #expect(frame.frameLength == info.placeholder.count)
        #expect(frame.bitrate >= bitrate)
        #expect(frame.sampleRate == rate)
        #expect(frame.channels == channels)
        #expect(info.encoded(tally, sampleCount: 0).count == info.placeholder.count)
      }
    }
  }

  @Test func theSeekTableIsRightToAPercentHoweverManyFrames() {
    for frames in [1, 3, 99, 100, 4096, 4097, 100_000] {
      var tally = FrameTally()
      var positions: [Int] = []
      for index in 0..<frames {
        positions.append(tally.byteCount)
        let length = index < frames / 2 ? 100 : 900
        tally.add(Kept(bytes: ArraySlice(repeating: 0, count: length), lengths: [length]))
      }
      let table = tally.seekTable(after: 417).map(Int.init)
      #expect(table.count == 100)
      #expect(table[0] == 0)
      #expect(zip(table, table.dropFirst()).allSatisfy { $0 <= $1 })
      for percent in 1..<100 {
        let truth = (417 + positions[frames * percent / 100]) * 256 / (417 + tally.byteCount)
        #expect(abs(table[percent] - truth) <= 1)
      }
    }
  }

  private func crc(_ bytes: some Sequence<UInt8>, continuing crc: UInt16 = 0) -> UInt16 {
    CRC16.of(Array(bytes).span, continuing: crc)
  }

  /// What LAME writes alone, with its own Info frame in front.
  private func lameStream(_ sound: Sound, _ mode: BitrateMode) -> [UInt8] {
    let lame = unsafe lame_init()
    defer { unsafe lame_close(lame) }
    unsafe lame_set_in_samplerate(lame, Int32(sound.rate))
    unsafe lame_set_out_samplerate(lame, Int32(sound.rate))
    unsafe lame_set_num_channels(lame, Int32(sound.channels))
    unsafe lame_set_mode(lame, sound.channels == 1 ? MONO : JOINT_STEREO)
    switch mode {
    case .variable(let quality):
      unsafe lame_set_VBR(lame, vbr_default)
      unsafe lame_set_VBR_quality(lame, Float(quality))
    case .constant(let rate): unsafe lame_set_brate(lame, Int32(rate))
    case .average(let rate):
      unsafe lame_set_VBR(lame, vbr_abr)
      unsafe lame_set_VBR_mean_bitrate_kbps(lame, Int32(rate))
    }
    unsafe lame_init_params(lame)
    var buffer = [UInt8](repeating: 0, count: sound.count * 2 + 7200)
    let right = sound.channels == 2 ? sound.right : sound.left
    let room = Int32(buffer.count)
    let count = unsafe lame_encode_buffer_ieee_float(lame, sound.left, right, Int32(sound.count), &buffer, room)
    var stream = Array(buffer[..<Int(count)])
    stream += buffer[..<Int(unsafe lame_encode_flush(lame, &buffer, room))]
    let info = unsafe lame_get_lametag_frame(lame, &buffer, buffer.count)
    stream.replaceSubrange(..<info, with: buffer[..<info])
    return stream
  }
}
