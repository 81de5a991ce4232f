import Testing
import WireFormats

@testable import MP3Encoder

@Suite struct CopyingTests {
  private func copy(_ encoded: Encoded, delay: Int, padding: Int, tag: ID3Tag = ID3Tag()) throws -> Encoded {
    let first = try #require(header(encoded.music))
    var copying = try MP3Copying(like: first, tag: tag, output: MemoryOutput())
    for frame in try EncodedSegment(Array(encoded.music), firstFrame: 0).frames {
      try copying.append(frame: encoded.music.span.extracting(frame.start..<frame.end))
    }
    let finished = try copying.finish(delay: delay, padding: padding)
    return Encoded(bytes: finished.output.bytes, summary: finished.summary)
  }

  private func padding(_ encoded: Encoded, frame: Int) -> Int {
    encoded.summary.frameCount * frame - 576 - encoded.summary.sampleCount
  }

  @Test(arguments: [
    (BitrateMode.constant(kilobitsPerSecond: 128), 44100, 1152), (.variable(quality: 3), 44100, 1152),
    (.average(kilobitsPerSecond: 40), 16000, 576),
  ])
  func theFramesAreTheSame(mode: BitrateMode, rate: Int, frame: Int) throws {
    let source = try encode(.music(rate: rate, channels: 2, seconds: 6), mode)
    var tag = ID3Tag()
    tag.title = "A copy"
    let copy = try copy(source, delay: 576, padding: padding(source, frame: frame), tag: tag)
    #expect(Array(copy.music) == Array(source.music))
    #expect(Array(copy.bytes[..<copy.infoOffset]) == tag.encoded())
    #expect(copy.summary.sampleCount == source.summary.sampleCount)
    #expect(copy.summary.frameCount == source.summary.frameCount)
    #expect(copy.summary.byteCount == copy.bytes.count)
    #expect(abs(copy.summary.averageBitrate - source.summary.averageBitrate) < 0.001)
  }

  @Test func theMarkTellsAConstantBitrate() throws {
    let sound = Sound.music(rate: 44100, channels: 2, seconds: 2)
    for (mode, mark) in [(BitrateMode.constant(kilobitsPerSecond: 96), "Info"), (.variable(quality: 3), "Xing")] {
      let copy = try copy(try encode(sound, mode), delay: 576, padding: 1000)
      #expect(Array(copy.info.dropFirst(36).prefix(4)) == Array(mark.utf8))
    }
  }

  @Test(.enabled(if: Judge.hasFFmpeg)) func aCopySoundsAsLongAsItsSource() throws {
    let source = try encode(.music(rate: 22050, channels: 1, seconds: 3.3), .variable(quality: 4))
    let copy = try copy(source, delay: 576, padding: padding(source, frame: 576))
    let (decoded, complaints) = try Judge.decode(copy.bytes, channels: 1)
    #expect(decoded[0].count == source.summary.sampleCount)
    #expect(complaints == "")
  }

  @Test func delaysThatCannotBeAreBroughtIntoRange() throws {
    let source = try encode(.tone(rate: 8000, channels: 1, count: 8000), .constant(kilobitsPerSecond: 16))
    #expect(try copy(source, delay: .max, padding: .max).summary.sampleCount == source.summary.frameCount * 576 - 8190)
    let whole = try copy(source, delay: .min, padding: .min)
    #expect(whole.summary.sampleCount == source.summary.frameCount * 576)
  }

  @Test func onlyWholeFramesOfOneKindAreTaken() throws {
    let source = try encode(.tone(rate: 44100, channels: 2, count: 5000), .constant(kilobitsPerSecond: 128))
    let first = try #require(header(source.music))
    let frame = source.music.prefix(first.frameLength)
    let mono = try encode(.tone(rate: 44100, channels: 1, count: 5000), .constant(kilobitsPerSecond: 128))
    let sentence = "The bytes at 0 are not a whole MP3 frame."
    #expect(complaint(frame, after: first) == nil)
    #expect(complaint(frame.dropLast(), after: first) == sentence)
    #expect(complaint(frame + [0], after: first) == sentence)
    #expect(complaint([], after: first) == sentence)
    #expect(
      complaint(mono.music.prefix(first.frameLength), after: first)
        == "The MP3 changes its sample rate or its channels on the way.")
  }

  private func complaint(_ frame: ArraySlice<UInt8>, after first: MP3FrameHeader) -> String? {
    do throws(MP3Failure<Never>) {
      var copying = try MP3Copying(like: first, tag: ID3Tag(), output: MemoryOutput())
      try copying.append(frame: frame.span)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func noFramesAreAnError() throws {
    let source = try encode(.tone(rate: 44100, channels: 2, count: 5000), .constant(kilobitsPerSecond: 128))
    let first = try #require(header(source.music))
    #expect(throws: MP3Failure<Never>.self) {
      _ = try MP3Copying(like: first, tag: ID3Tag(), output: MemoryOutput()).finish(delay: 0, padding: 0)
    }
  }
}
