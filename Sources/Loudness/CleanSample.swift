extension Float {
  /// The loudest sample that is measured or levelled: 24 dB over full scale, as the encoder has it.
  static let loudestSample: Float = 16

  /// The sample as it can be reckoned with: NaN as silence, what is louder than `loudestSample` cut off there.
  ///
  /// One NaN would stay in the recursive filters of a measurement for good, and an infinity would become one.
  @inline(__always)
  var cleaned: Float {
    let low = self > -Self.loudestSample ? self : -Self.loudestSample
    let clamped = low < Self.loudestSample ? low : Self.loudestSample
    return self == self ? clamped : 0
  }

  /// The magnitude as bits: those of floating-point numbers that are not negative are in the order of the numbers, and the
  /// largest of many integers is found several at a time.
  @inline(__always)
  var magnitudeBits: Int32 { Int32(bitPattern: bitPattern & 0x7FFF_FFFF) }
}
