import Foundation
import Spool

/// Finished jobs as a podcast: RSS 2.0 (rssboard.org/rss-specification) with the few elements of Apple's namespace that
/// players show.
struct PodcastFeed {
  /// One MP3.
  struct Episode {
    let id: String
    let title: String
    let url: String
    let byteCount: Int64
    /// In seconds.
    let duration: Double
    let published: Date
  }

  let title: String
  /// The gateway's own page.
  let link: String
  let episodes: [Episode]

  static let type = "application/rss+xml; charset=utf-8"

  var xml: String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
    <channel>
    <title>\(Self.escaped(title))</title>
    <link>\(Self.escaped(link))</link>
    <description>MP3s that mp3spool made</description>
    <generator>mp3spool</generator>
    <itunes:block>yes</itunes:block>
    \(episodes.map(Self.item).joined())</channel>
    </rss>

    """
  }

  private static func item(_ episode: Episode) -> String {
    """
    <item>
    <title>\(escaped(episode.title))</title>
    <guid isPermaLink="false">\(escaped(episode.id))</guid>
    <pubDate>\(episode.published.httpDate)</pubDate>
    <enclosure url="\(escaped(episode.url))" length="\(episode.byteCount)" type="audio/mpeg"/>
    <itunes:duration>\(Int(episode.duration.rounded()))</itunes:duration>
    </item>

    """
  }

  /// What a file may be called is more than XML can say: characters outside of XML 1.0's Char are left out.
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "\t", "\n", "\r", " "..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
        escaped.unicodeScalars.append(scalar)
      default: break
      }
    }
    return escaped
  }
}
