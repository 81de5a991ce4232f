import Glibc

/// PCM with two channels, or with the right one empty.
struct Sound {
  var left: [Float]
  var right: [Float]
  let rate: Int

  var channels: Int { right.isEmpty ? 1 : 2 }
  var count: Int { left.count }

  /// Chords, beats, a hiss and pauses: something to hear for every part of an encoder, at any moment.
  static func music(rate: Int, channels: Int, seconds: Double) -> Sound {
    var dice = Dice(state: 1)
    let count = Int(seconds * Double(rate))
    var left = [Float](repeating: 0, count: count)
    var right = left
    var phases = [Float](repeating: 0, count: 4)
    let pitches: [Float] = [110, 164.8, 220, 277.2, 329.6, 440, 554.4, 880]
    for index in 0..<count {
      let beat = index * 5 / rate
      let inBeat = Float(index - beat * rate / 5) / Float(rate)
      var chord: Float = 0
      for voice in 0..<4 {
        phases[voice] += pitches[(beat / 8 * 3 + voice * 2) % 8] * Float(voice + 1) / Float(rate)
        phases[voice] -= phases[voice].rounded(.down)
        let triangle = abs(phases[voice] * 4 - 2) - 1
        chord += triangle * triangle * triangle * 0.15
      }
      let hit = beat.isMultiple(of: 2) ? max(0, 1 - inBeat * 12) : max(0, 0.4 - inBeat * 20)
      let noise = dice.next()
      let isPause = (beat % 37) > 33
      let loud: Float = isPause ? 0 : 1
      left[index] = loud * (chord + noise * (0.002 + hit * hit * 0.4))
      right[index] = loud * (chord * 0.7 + dice.next() * 0.003 + noise * hit * hit * 0.3)
    }
    return Sound(left: left, right: channels == 2 ? right : [], rate: rate)
  }

  /// Music that becomes clicks, silence, noise and music again, a quarter of the time each, beginning an eighth of the time
  /// after the start: with four segments a seam lies in the midst of clicks, of silence and of noise.
  static func kinds(rate: Int, channels: Int, count: Int) -> Sound {
    var dice = Dice(state: 3)
    var sound = music(rate: rate, channels: channels, seconds: Double(count) / Double(rate))
    let (eighth, period) = (count / 8, rate / 40)
    for index in eighth..<eighth * 7 {
      let sample: Float
      switch (index - eighth) / (eighth * 2) {
      case 0: sample = index % period < 40 ? 0.8 * dice.next() : 0
      case 1: sample = 0
      default: sample = 0.3 * dice.next()
      }
      sound.left[index] = sample
      if channels == 2 { sound.right[index] = sample * 0.6 + 0.1 * abs(sample) * dice.next() }
    }
    return sound
  }

  /// White noise at full scale, the hardest thing to encode.
  static func noise(rate: Int, channels: Int, count: Int) -> Sound {
    var dice = Dice(state: 7)
    let left = (0..<count).map { _ in dice.next() }
    return Sound(left: left, right: channels == 2 ? left.map { _ in dice.next() } : [], rate: rate)
  }

  /// A tone of 440 Hz.
  static func tone(rate: Int, channels: Int, count: Int) -> Sound {
    let left = (0..<count).map { 0.5 * sinf(Float($0 % rate) * 440 * 2 * .pi / Float(rate)) }
    return Sound(left: left, right: channels == 2 ? left : [], rate: rate)
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
