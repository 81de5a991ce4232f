import CLAME
import Testing

@testable import MP3Encoder

@Suite struct PlaybackLevelTests {
  /// Where the Info frame of 44.1 kHz stereo has the peak, the track's and the album's gain: after the header, the side
  /// information, Xing's part, the encoder's name, the method and the low-pass.
  private static let field = 4 + 32 + 120 + 9 + 2

  private static let tone = Sound.tone(rate: 44100, channels: 2, count: 9999)

  private func fields(_ level: PlaybackLevel?) throws -> [UInt8] {
    Array(try encode(Self.tone, .variable(quality: 5), level: level).info.dropFirst(Self.field).prefix(8))
  }

  @Test func theInfoFrameTellsPeakAndGain() throws {
    #expect(try fields(PlaybackLevel(replayGain: -6.5, peak: 0.5)) == [0x00, 0x40, 0, 0, 0x2E, 65, 0, 0])
    #expect(try fields(PlaybackLevel(replayGain: 3.04, peak: 1)) == [0x00, 0x80, 0, 0, 0x2C, 30, 0, 0])
    #expect(try fields(PlaybackLevel(replayGain: 0, peak: 1.25)) == [0x00, 0xA0, 0, 0, 0x2C, 0, 0, 0])
  }

  @Test func withoutALevelNothingIsTold() throws {
    #expect(try fields(nil) == [0, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test(arguments: [
    (Double.infinity, 0x2C00 + 510), (51.2, 0x2C00 + 510), (50.94, 0x2C00 + 509), (-0.04, 0x2C00), (-0.06, 0x2E01),
    (-1e300, 0x2E00 + 510), (.nan, 0),
  ])
  func aGainIsMovedToWhatTheBitsHold(gain: Double, field: Int) {
    #expect(Int(PlaybackLevel(replayGain: gain, peak: 0).gainField) == field)
  }

  @Test(arguments: [(Float.nan, UInt32(0)), (-1, 0), (0, 0), (1e-9, 0), (16, 0x0800_0000), (.infinity, .max)])
  func aPeakIsMovedToWhatTheBitsHold(peak: Float, field: UInt32) {
    #expect(PlaybackLevel(replayGain: 0, peak: peak).peakField == field)
  }

  /// LAME measures by the older ReplayGain, so its numbers are taken as given, and its bytes as the truth. It measures one
  /// sound at a time in a process: its decoder's samples lie in a static array (mpglib_interface.c), so encoders on other
  /// threads would measure one another's sounds.
  @Test(.serialized, arguments: [Float(0.02), 0.3, 0.9])
  func theFieldsAreTheOnesThatLAMEWouldWrite(loudness: Float) throws {
    var sound = Sound.music(rate: 44100, channels: 2, seconds: 2)
    for index in sound.left.indices {
      sound.left[index] *= loudness
      sound.right[index] *= loudness
    }
    let (theirs, level) = measuredByLAME(sound)
    let ours = try encode(sound, .variable(quality: 2), level: level).info
    #expect(Array(ours.dropFirst(Self.field).prefix(8)) == Array(theirs.dropFirst(Self.field).prefix(8)))
    #expect(level.replayGain != 0 && level.peak != 0)
  }

  @Test func theLevelChangesNothingButTheInfoFrame() throws {
    let plain = try encode(Self.tone, .constant(kilobitsPerSecond: 128))
    let told = try encode(Self.tone, .constant(kilobitsPerSecond: 128), level: PlaybackLevel(replayGain: 9, peak: 0.9))
    #expect(told.music == plain.music)
    #expect(told.info != plain.info)
    #expect(told.summary == plain.summary)
  }

  @Test(
    .enabled(if: Judge.hasFFmpeg),
    arguments: [
      (BitrateMode.variable(quality: 2), 44100, 2), (.constant(kilobitsPerSecond: 64), 22050, 1),
      (.average(kilobitsPerSecond: 128), 48000, 1),
    ])
  func ffmpegReadsTheLevel(mode: BitrateMode, rate: Int, channels: Int) throws {
    let sound = Sound.tone(rate: rate, channels: channels, count: 9999)
    let mp3 = try encode(sound, mode, level: PlaybackLevel(replayGain: -7.3, peak: 0.75))
    let told = try Judge.description(mp3.bytes)
    // ffmpeg 5.1 reads the peak in 100000ths (mp3dec.c) and prints it in 2⁻³² (dump.c): 75000 of these.
    #expect(told.contains("replaygain: track gain - -7.300000, track peak - 0.000017"), "\(told)")
  }

  /// LAME's Info frame with the level that it has measured itself, and that level.
  private func measuredByLAME(_ sound: Sound) -> (info: [UInt8], level: PlaybackLevel) {
    let lame = unsafe lame_init()
    defer { unsafe lame_close(lame) }
    unsafe lame_set_in_samplerate(lame, Int32(sound.rate))
    unsafe lame_set_out_samplerate(lame, Int32(sound.rate))
    unsafe lame_set_mode(lame, JOINT_STEREO)
    unsafe lame_set_VBR(lame, vbr_default)
    unsafe lame_set_VBR_quality(lame, 2)
    unsafe lame_set_findReplayGain(lame, 1)
    unsafe lame_set_decode_on_the_fly(lame, 1)
    unsafe lame_init_params(lame)
    var buffer = [UInt8](repeating: 0, count: sound.count * 2 + 7200)
    let room = Int32(buffer.count)
    unsafe lame_encode_buffer_ieee_float(lame, sound.left, sound.right, Int32(sound.count), &buffer, room)
    unsafe lame_encode_flush(lame, &buffer, room)
    let length = unsafe lame_get_lametag_frame(lame, &buffer, buffer.count)
    let gain = Double(unsafe lame_get_RadioGain(lame)) / 10
    let peak = unsafe lame_get_PeakSample(lame) / 32767
    return (Array(buffer[..<length]), PlaybackLevel(replayGain: gain, peak: peak))
  }
}
