@testable import WireFormats

/// A form: how many bytes come at a time, a line with its Content-Type, its body.
enum MultipartTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    var input = Portions(bytes)
    let step = Int(input.number(UInt8.self)) + 1
    let boundary = (try? MultipartParser.boundary(fromContentType: input.text(before: 10))) ?? "b"
    let body = input.bytes
    let whole = Form(boundary, body, step: max(1, body.count))
    require(Form(boundary, body, step: step) == whole, "a body means the same in pieces of \(step) bytes")
  }

  /// What is read of a body that arrives in such steps.
  private struct Form: Equatable {
    struct Part: Equatable {
      let headers: PartHeaders
      var data: [UInt8] = []
      var isComplete = false
    }

    var parts: [Part] = []
    var isComplete = false
    var failure: MultipartError?

    init(_ boundary: String, _ body: [UInt8], step: Int) {
      var parser = MultipartParser(boundary: boundary)
      do throws(MultipartError) {
        for start in stride(from: 0, to: body.count, by: step) {
          parser.append(Array(body[start..<min(start + step, body.count)]))
          while let event = try parser.next() { note(event) }
        }
        try parser.finish()
      } catch { failure = error }
    }

    private mutating func note(_ event: MultipartParser.Event) {
      switch event {
      case .part(let headers):
        require(parts.last?.isComplete ?? true, "a part ends before the next one")
        parts.append(Part(headers: headers))
        require(parts.count <= MultipartParser.partLimit, "there are not too many parts")
      case .data(let bytes):
        require(!bytes.isEmpty && !parts.isEmpty, "data belongs to a part")
        parts[parts.count - 1].data += bytes
      case .partEnd: parts[parts.count - 1].isComplete = true
      case .end:
        require(!isComplete, "a form ends once")
        isComplete = true
      }
    }
  }
}
