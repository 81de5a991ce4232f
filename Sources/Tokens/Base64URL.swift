import FoundationEssentials
import WireFormats

/// The base64 of JOSE: with `-` and `_`, without padding (RFC 7515, 2).
enum Base64URL {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// The bytes spelled `text`; nil where it holds any other character, or padding, or more bits than bytes.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    guard !text.utf8.contains(where: "+/=".utf8.contains) else { return nil }
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    return Base64.decode(String(text).replacing("-", with: "+").replacing("_", with: "/") + padding)
  }
}
