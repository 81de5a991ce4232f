internal import CFFmpeg

/// What a container says about itself and the track that was chosen in it.
struct SourceReport {
  /// libavformat's names of the tags, which it translates each container's own into.
  private static var tagNames: [(WritableKeyPath<SourceTags, String?>, String)] {
    [
      (\.title, "title"), (\.artist, "artist"), (\.album, "album"), (\.albumArtist, "album_artist"), (\.date, "date"),
      (\.genre, "genre"), (\.track, "track"), (\.comment, "comment"), (\.composer, "composer"),
      (\.copyright, "copyright"),
    ]
  }

  /// The chosen track among all streams.
  let stream: Int
  let codec: AVCodecID
  private let number: Int
  private let trackCount: Int

  /// Chooses the track. Throws `noAudioTrack`, `noSuchTrack`, `encrypted`.
  init(_ file: MediaFile, _ request: DecodeRequest) throws(DecodeFailure) {
    let tracks = Self.audioTracks(file)
    let index = try TrackChoice.choose(request, among: tracks)
    stream = tracks[index].stream
    codec = unsafe file.stream(stream).pointee.codecpar.pointee.codec_id
    (number, trackCount) = (index + 1, tracks.count)
    if Self.isEncrypted(file, stream) { throw DecodeFailure(.encrypted) }
  }

  /// The description of the file, without what only decoding tells.
  func description(of file: MediaFile) -> SourceDescription {
    var source = SourceDescription()
    source.container = file.format.split(separator: ",").first.map(String.init) ?? ""
    source.codec = unsafe String(cString: avcodec_get_name(codec))
    source.declaredDuration = file.declaredDuration(per: 1_000_000).map { .microseconds($0) }
    source.tags = tags(file)
    source.chapters = Self.chapters(file)
    source.picture = Self.picture(file)
    (source.trackCount, source.chosenTrack) = (trackCount, number)
    return source
  }

  private static func audioTracks(_ file: MediaFile) -> [AudioTrack] {
    var tracks: [AudioTrack] = []
    for index in 0..<file.streamCount {
      let stream = unsafe file.stream(index)
      let parameters = unsafe stream.pointee.codecpar.pointee
      guard unsafe parameters.codec_type == AVMEDIA_TYPE_AUDIO else { continue }
      tracks.append(
        AudioTrack(
          stream: index, language: unsafe LibAV.value("language", in: stream.pointee.metadata),
          isDefault: unsafe stream.pointee.disposition & AV_DISPOSITION_DEFAULT != 0,
          isDecodable: unsafe AudioDecoder.canDecode(parameters.codec_id),
          hasFormat: unsafe parameters.sample_rate > 0 && parameters.ch_layout.nb_channels > 0))
    }
    return tracks
  }

  /// Whether the container says that the track is encrypted: by side data (CENC in MP4), by a sample entry (`enca`, and
  /// `drms` of Apple), by a key's name (WebM, set in matroskadec.c), or by a DRM header (ASF, set in asfdec_f.c).
  private static func isEncrypted(_ file: MediaFile, _ index: Int) -> Bool {
    let stream = unsafe file.stream(index)
    let tag = unsafe stream.pointee.codecpar.pointee.codec_tag
    var size = 0
    return unsafe av_stream_get_side_data(stream, AV_PKT_DATA_ENCRYPTION_INIT_INFO, &size) != nil
      || tag == cffmpeg_tag_enca() || tag == cffmpeg_tag_drms()
      || LibAV.value("enc_key_id", in: stream.pointee.metadata) != nil
      || LibAV.value("ASF_Protection_Type", in: file.context.pointee.metadata) != nil
  }

  private func tags(_ file: MediaFile) -> SourceTags {
    let stream = unsafe file.stream(stream)
    var tags = SourceTags()
    for (path, name) in Self.tagNames {
      tags[keyPath: path] =
        unsafe LibAV.value(name, in: file.context.pointee.metadata) ?? LibAV.value(name, in: stream.pointee.metadata)
    }
    tags.language = unsafe LibAV.value("language", in: stream.pointee.metadata)
    return tags
  }

  /// The chapters, from the begin of the file's own time.
  private static func chapters(_ file: MediaFile) -> [SourceDescription.Chapter] {
    let begin = (0..<file.streamCount).compactMap { file.start(ofStream: $0, per: 1_000_000) }.min() ?? 0
    let count = unsafe min(Int(file.context.pointee.nb_chapters), PipeFormat.mostChapters)
    return (0..<count).compactMap { index in
      let chapter = unsafe file.context.pointee.chapters[index]!.pointee
      guard let start = unsafe LibAV.rescale(chapter.start, chapter.time_base, per: 1_000_000),
        let end = unsafe LibAV.rescale(chapter.end, chapter.time_base, per: 1_000_000), start <= end
      else { return nil }
      let title = unsafe LibAV.value("title", in: chapter.metadata)
      return .init(start: time(start, since: begin), end: time(end, since: begin), title: title)
    }
  }

  private static func time(_ microseconds: Int64, since begin: Int64) -> Duration {
    .microseconds(max(0, max(0, microseconds) - max(0, begin)))
  }

  /// The first attached JPEG or PNG of bearable size, as it is.
  private static func picture(_ file: MediaFile) -> SourceDescription.Picture? {
    for index in 0..<file.streamCount {
      let stream = unsafe file.stream(index)
      guard unsafe stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 else { continue }
      let data = unsafe stream.pointee.attached_pic
      guard let start = unsafe data.data, unsafe data.size > 0, unsafe data.size < PipeFormat.largestPicture else {
        continue
      }
      let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: Int(data.size)))
      if let picture = DescriptionParser.picture([1] + bytes) ?? DescriptionParser.picture([2] + bytes) {
        return picture
      }
    }
    return nil
  }
}
