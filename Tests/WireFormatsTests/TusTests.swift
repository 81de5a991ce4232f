import Testing

@testable import WireFormats

/// The status of the refusal, or nil.
private func status(_ work: () throws(TusRefusal) -> Void) -> Int? {
  do { try work() } catch { return error.status }
  return nil
}

@Suite struct TusTests {
  private typealias Portion = TusUpload.Portion

  @Test(arguments: [nil, "", "1", "1.0", "0.2.2", "1.0.0 "])
  func otherVersionIsRefused(version: String?) {
    #expect(status { () throws(TusRefusal) in try Tus.checkVersion(version) } == 412)
  }

  @Test func onlyDigitsAreACount() throws {
    #expect(try Tus.count("0", in: "X") == 0)
    #expect(try Tus.count("9223372036854775807", in: "X") == .max)
    #expect(try Tus.count(nil, in: "X") == nil)
    for wrong in ["", "-1", "+1", "1 ", "0x1", "٣", "1.0", "9223372036854775808"] {
      #expect(status { () throws(TusRefusal) in _ = try Tus.count(wrong, in: "X") } == 400, "\(wrong)")
    }
  }

  @Test func newUploadSaysItsLengthOrDefersIt() throws {
    #expect(try Tus.announcedLength("0", deferred: nil) == 0)
    #expect(try Tus.announcedLength(nil, deferred: "1") == nil)
    for (length, deferred) in [(nil, nil), ("5", "1"), (nil, "0"), (nil, ""), ("x", nil)] as [(String?, String?)] {
      #expect(status { () throws(TusRefusal) in _ = try Tus.announcedLength(length, deferred: deferred) } == 400)
    }
  }

  @Test func checksumIsAnAlgorithmAndItsBase64() throws {
    let sum = try TusChecksum(parsing: "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")
    #expect(sum.algorithm == .sha1)
    #expect(sum.digest.prefix(2) == [0x2A, 0xAE])
    #expect(TusChecksum.algorithms == "sha1,sha256")
    for wrong in [
      "", "sha1", "sha1 ", "md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 AAAA", "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
      "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    ] {
      #expect(status { () throws(TusRefusal) in _ = try TusChecksum(parsing: wrong) } == 400, "\(wrong)")
    }
  }

  @Test func portionNeedsItsTypeAndOffset() throws {
    let portion = try Portion(contentType: Tus.contentType, offset: "5", contentLength: "3", uploadLength: nil)
    #expect(portion == Portion(offset: 5, bodyLength: 3))
    #expect(portionStatus(type: "video/mp4", offset: "5") == 415)
    #expect(portionStatus(type: nil, offset: "5") == 415)
    #expect(portionStatus(type: Tus.contentType, offset: nil) == 400)
    #expect(portionStatus(type: Tus.contentType, offset: "-5") == 400)
  }

  private func portionStatus(type: String?, offset: String?) -> Int? {
    status { () throws(TusRefusal) in
      _ = try Portion(contentType: type, offset: offset, contentLength: nil, uploadLength: nil)
    }
  }

  private func admission(_ upload: TusUpload, _ portion: Portion) -> Int? {
    status { () throws(TusRefusal) in
      var upload = upload
      _ = try upload.admit(portion, maximum: 1000)
    }
  }

  @Test func portionBeginsWhereTheUploadStands() throws {
    var upload = TusUpload(length: 100, offset: 40)
    #expect(try upload.admit(Portion(offset: 40, bodyLength: 60), maximum: 1000) == 60)
    #expect(admission(upload, Portion(offset: 39, bodyLength: 1)) == 409)
    #expect(admission(upload, Portion(offset: 41, bodyLength: 1)) == 409)
  }

  @Test func portionMayNotGoBeyondTheLength() {
    #expect(admission(TusUpload(length: 100, offset: 40), Portion(offset: 40, bodyLength: 61)) == 413)
    #expect(admission(TusUpload(length: nil, offset: 40), Portion(offset: 40, bodyLength: 961)) == 413)
    #expect(admission(TusUpload(length: nil, offset: 40), Portion(offset: 40, bodyLength: 960)) == nil)
    #expect(admission(TusUpload(length: nil, offset: 0), Portion(offset: 0, bodyLength: 61, uploadLength: 60)) == 413)
  }

  @Test func lengthIsSaidOnce() throws {
    var upload = TusUpload(length: nil, offset: 40)
    #expect(!upload.isComplete)
    #expect(try upload.admit(Portion(offset: 40, bodyLength: nil, uploadLength: 50), maximum: 1000) == 10)
    #expect(upload.length == 50)
    #expect(try upload.admit(Portion(offset: 40, bodyLength: nil, uploadLength: 50), maximum: 1000) == 10)
    #expect(admission(upload, Portion(offset: 40, bodyLength: nil, uploadLength: 51)) == 400)
    #expect(
      admission(TusUpload(length: nil, offset: 40), Portion(offset: 40, bodyLength: nil, uploadLength: 39)) == 400)
    #expect(
      admission(TusUpload(length: nil, offset: 40), Portion(offset: 40, bodyLength: nil, uploadLength: 1001)) == 413)
    upload.advance(to: 50)
    #expect(upload.isComplete)
    #expect(try upload.admit(Portion(offset: 50, bodyLength: 0), maximum: 1000) == 0)
  }

  @Test func refusedPortionChangesNothing() {
    var upload = TusUpload(length: nil, offset: 40)
    #expect(throws: TusRefusal.self) {
      _ = try upload.admit(Portion(offset: 40, bodyLength: 900, uploadLength: 50), maximum: 1000)
    }
    #expect(upload == TusUpload(length: nil, offset: 40))
  }
}
