/// What the decoder lets libav* use: ordinary containers and codecs of sound. Playlists and everything else that leads
/// to other files or to the network, devices, subtitles, images, synthesizers and games' formats are not among them.
enum Formats {
  /// The names of libavformat's demuxers.
  static let demuxers =
    clockedDemuxers + [
      "aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "au", "avi", "caf", "dsf", "dts", "dtshd", "eac3", "flac",
      "gsm", "iff", "loas", "mlp", "mp3", "mpc", "mpc8", "oma", "shn", "sox", "tak", "truehd", "tta", "voc", "w64",
      "wav",
      "wv",
    ]

  /// Those among them whose containers store times. The others count samples or bytes, so that their timestamps tell
  /// nothing new; AVI's are wrong where an MP3 has a variable bit rate.
  private static let clockedDemuxers = [
    "mov", "matroska", "webm", "asf", "dv", "flv", "live_flv", "gxf", "mpeg", "mpegts", "mxf", "nut", "ogg", "rm",
    "wtv",
  ]

  /// The names of libavcodec's decoders.
  static let decoders =
    [
      "8svx_exp", "8svx_fib", "aac", "aac_latm", "ac3", "alac", "als", "amrnb", "amrwb", "ape", "atrac1", "atrac3",
      "atrac3al", "atrac3plus", "atrac3plusal", "cook", "dca", "dsd_lsbf", "dsd_lsbf_planar", "dsd_msbf",
      "dsd_msbf_planar", "dst", "dvaudio", "eac3", "flac", "g723_1", "g729", "gsm", "gsm_ms", "iac", "ilbc", "imc",
      "mace3",
      "mace6", "metasound", "mlp", "mp1", "mp1float", "mp2", "mp2float", "mp3float", "mp3on4float", "mpc7", "mpc8",
      "nellymoser",
      "on2avc", "opus", "qcelp", "qdm2", "qdmc", "ralf", "real_144", "real_288", "s302m", "shorten", "sipr", "speex",
      "tak", "truehd", "truespeech", "tta", "twinvq", "vorbis", "wavpack", "wmalossless", "wmapro", "wmav1", "wmav2",
      "wmavoice",
    ] + adpcmDecoders + pcmDecoders

  private static let adpcmDecoders = [
    "adpcm_ct", "adpcm_ima_amv", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_sbpro_2", "adpcm_sbpro_3",
    "adpcm_sbpro_4", "adpcm_swf", "adpcm_yamaha", "g722", "g726", "g726le",
  ]

  private static let pcmDecoders = [
    "pcm_alaw", "pcm_bluray", "pcm_dvd", "pcm_f16le", "pcm_f24le", "pcm_f32be", "pcm_f32le", "pcm_f64be", "pcm_f64le",
    "pcm_lxf", "pcm_mulaw", "pcm_s16be", "pcm_s16be_planar", "pcm_s16le", "pcm_s16le_planar", "pcm_s24be",
    "pcm_s24daud", "pcm_s24le", "pcm_s24le_planar", "pcm_s32be", "pcm_s32le", "pcm_s32le_planar", "pcm_s64be",
    "pcm_s64le", "pcm_s8", "pcm_s8_planar", "pcm_u16be", "pcm_u16le", "pcm_u24be", "pcm_u24le", "pcm_u32be",
    "pcm_u32le", "pcm_u8", "pcm_vidc",
  ]

  /// Whether a demuxer of this name (of which some have several, with commas between) reads times from its container.
  static func hasClock(_ demuxer: String) -> Bool {
    demuxer.split(separator: ",").contains { clockedDemuxers.contains(String($0)) }
  }

  /// Whether a demuxer finds each sample by an index, so that what is not wanted need not be read. The others walk
  /// through the file.
  static func jumpsToSamples(_ demuxer: String) -> Bool { demuxer.split(separator: ",").contains("mov") }
}
