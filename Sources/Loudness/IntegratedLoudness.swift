import Glibc

/// The loudness of all that passed, to ITU-R BS.1770-4: of K-weighted blocks of 400 ms, without those that a gate keeps out.
///
/// The memory in use does not depend on the length of the audio.
struct IntegratedLoudness: Sendable {
  private var weighting: KWeighting
  private var gate = BlockGate()
  /// A block begins with every hop of 100 ms, and has four of them; here are the energies of the last four.
  private var hops = SIMD4<Double>()
  private var hopCount = 0
  /// The frames in a hop, and those that the present one does not have yet.
  private let hopLength: Int
  private var missing: Int
  /// What makes a mean energy of a sum.
  private let scale: Double

  /// Takes frames of two samples; mono is the same sample twice, and counts once.
  init(sampleRate: Int, channels: Int) {
    weighting = KWeighting(sampleRate: sampleRate)
    // To the nearest sample, as libebur128 has it: ebur128_init in ebur128.c.
    hopLength = (sampleRate + 5) / 10
    missing = hopLength
    scale = Double(channels) / 2 / Double(hopLength)
  }

  mutating func add(_ frames: Span<Float>) {
    var offset = 0
    while offset < frames.count {
      let end = min(offset + 2 * missing, frames.count)
      weighting.add(frames.extracting(offset..<end))
      missing -= (end - offset) / 2
      offset = end
      if missing == 0 { endHop() }
    }
  }

  /// In LUFS; nil where no block counts.
  var integrated: Double? { gate.energy.map(Self.loudness(ofEnergy:)) }

  private mutating func endHop() {
    hops[hopCount % 4] = weighting.takeEnergy() * scale
    hopCount += 1
    missing = hopLength
    if hopCount >= 4 { gate.add(hops.sum() / 4) }
  }

  /// The loudness in LUFS of a mean energy, the sum over the channels: BS.1770-4, Annex 1, equation 2.
  static func loudness(ofEnergy energy: Double) -> Double { -0.691 + 10 * log10(energy) }
}

/// Keeps blocks out that are silence or pauses: BS.1770-4, Annex 1, equations 3 to 7.
///
/// Below -70 LUFS nothing counts, nor what is 10 LU below the mean of the rest. Since that is known at the end only, blocks are
/// kept in bins of 0.01 LU: how many, and their energy. The mean is exact but for blocks that close to the gate.
struct BlockGate: Sendable {
  private struct Bin {
    var blocks = 0
    var energy = 0.0
  }

  private var bins = [Bin](repeating: Bin(), count: binCount)

  /// In LUFS.
  private static let quietest = -70.0
  private static let binsPerUnit = 100.0
  /// Up to 35 LUFS: samples that are at most 24 dB over full scale come to 31.
  private static let binCount = 10_500
  /// 10 LU below.
  private static let relativeGate = 0.1

  /// Takes a block's mean energy, the sum over the channels.
  mutating func add(_ energy: Double) {
    let loudness = IntegratedLoudness.loudness(ofEnergy: energy)
    guard loudness > Self.quietest else { return }
    let index = min(Int((loudness - Self.quietest) * Self.binsPerUnit), Self.binCount - 1)
    bins[index].blocks += 1
    bins[index].energy += energy
  }

  /// The mean energy of the blocks that count; nil where there are none.
  var energy: Double? { mean(above: 0).flatMap { mean(above: $0 * Self.relativeGate) } }

  private func mean(above least: Double) -> Double? {
    var all = Bin()
    for bin in bins where bin.energy > least * Double(bin.blocks) {
      all.blocks += bin.blocks
      all.energy += bin.energy
    }
    return all.blocks > 0 ? all.energy / Double(all.blocks) : nil
  }
}
