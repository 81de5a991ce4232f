import Glibc

/// PCM with two channels, or with the right one empty.
struct Signal {
  var left: [Float]
  var right: [Float]
  var rate = 48000

  var channels: Int { right.isEmpty ? 1 : 2 }
  var count: Int { left.count }

  /// EBU Tech 3341, table 1: what a meter in EBU mode has to show, within 0.1 LU. Cases 1 to 5: levels in dBFS with seconds,
  /// and the loudness in LUFS.
  static let tech3341: [([(Double, Double)], Double)] = [
    ([(-23, 20)], -23),
    ([(-33, 20)], -33),
    ([(-36, 10), (-23, 60), (-36, 10)], -23),
    ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
    ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
  ]

  /// Sines of 1 kHz in both channels, one after the other: each so many dBFS at its peaks, for so many seconds.
  static func tones(_ parts: [(level: Double, seconds: Double)], rate: Int = 48000) -> Signal {
    var samples: [Float] = []
    for part in parts {
      let peak = pow(10, part.level / 20)
      for _ in 0..<Int(part.seconds * Double(rate)) {
        samples.append(Float(peak * sin(2 * .pi * 1000 * Double(samples.count) / Double(rate))))
      }
    }
    return Signal(left: samples, right: samples, rate: rate)
  }

  /// Chords that wander, beats and a hiss, different in both channels.
  static func music(rate: Int = 44100, channels: Int = 2, seconds: Double, level: Float = 0.5) -> Signal {
    var dice = Dice(state: 3)
    let count = Int(seconds * Double(rate))
    var left = [Float](repeating: 0, count: count)
    var right = left
    for index in left.indices {
      let time = Double(index) / Double(rate)
      let beat = Int(time * 4)
      let pitch = [110.0, 146.8, 164.8, 220][beat / 4 % 4]
      let fall = Float(exp(-20 * (time - Double(beat) / 4)))
      let low = Float(sin(2 * .pi * pitch * time) + 0.5 * sin(2 * .pi * pitch * 3.01 * time))
      let high = Float(sin(2 * .pi * pitch * 11.97 * time))
      let hit = dice.next() * fall
      left[index] = level * (0.4 * low + 0.1 * high + 0.5 * hit + 0.01 * dice.next())
      right[index] = level * (0.35 * low - 0.15 * high + 0.35 * hit + 0.01 * dice.next())
    }
    return Signal(left: left, right: channels == 2 ? right : [], rate: rate)
  }

  /// Syllables of a voice that is now near and now far, with pauses: its peaks are 20 dB above its loudness.
  static func speech(rate: Int = 24000, seconds: Double) -> Signal {
    var dice = Dice(state: 5)
    var samples = [Float](repeating: 0, count: Int(seconds * Double(rate)))
    var low: Float = 0
    for index in samples.indices {
      let time = Double(index) / Double(rate)
      let syllable = Int(time * 5)
      let loudness = [0.9, 0.4, 0.5, 0, 0.7, 0.3, 0.25, 0.5, 0, 0, 0.6][syllable % 11] * (time < seconds / 2 ? 1 : 0.6)
      let shape = sin(.pi * (time * 5 - Double(syllable)))
      let pitch = 120 + 30 * sin(2 * .pi * 0.7 * time)
      let pulse = exp(-Double(Int(time * pitch * 64) % 64) / 24)
      low += (dice.next() - low) * 0.3
      let voice = sin(2 * .pi * 600 * time) * pulse + 0.5 * sin(2 * .pi * 1900 * time) * pulse
      samples[index] = Float(loudness * shape * (0.2 * voice + 0.08 * Double(low)))
    }
    return Signal(left: samples, right: samples.map { $0 * 0.8 }, rate: rate)
  }

  func amplified(by gain: Float) -> Signal {
    Signal(left: left.map { $0 * gain }, right: right.map { $0 * gain }, rate: rate)
  }
}

/// The same numbers each time, from -1 to 1.
struct Dice {
  var state: UInt32

  mutating func next() -> Float {
    state = state &* 1_664_525 &+ 1_013_904_223
    return Float(Int32(bitPattern: state)) / 2_147_483_648
  }
}

/// The number in decibels.
func decibels(_ number: Float) -> Double { 20 * log10(Double(number)) }
