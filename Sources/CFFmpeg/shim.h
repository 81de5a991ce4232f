#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <stdarg.h>
#include <stdint.h>

// Macros that Swift cannot see, under names of their own.

static inline int cffmpeg_error(int number) { return AVERROR(number); }
static inline int cffmpeg_error_end(void) { return AVERROR_EOF; }
static inline int64_t cffmpeg_no_timestamp(void) { return AV_NOPTS_VALUE; }
static inline uint32_t cffmpeg_tag_enca(void) { return MKTAG('e', 'n', 'c', 'a'); }
static inline uint32_t cffmpeg_tag_drms(void) { return MKTAG('d', 'r', 'm', 's'); }
static inline AVChannelLayout cffmpeg_mono(void) { return (AVChannelLayout)AV_CHANNEL_LAYOUT_MONO; }
static inline AVChannelLayout cffmpeg_stereo(void) { return (AVChannelLayout)AV_CHANNEL_LAYOUT_STEREO; }

// A log callback takes a va_list, which Swift spells differently on each processor.

static inline void cffmpeg_ignore_line(void *source, int level, const char *format, va_list arguments) {
  (void)source, (void)level, (void)format, (void)arguments;
}
static inline void cffmpeg_silence_log(void) { av_log_set_callback(cffmpeg_ignore_line); }

// AVFormatContext.io_open is how a demuxer asks for another file.

static inline int cffmpeg_refuse_to_open(
    struct AVFormatContext *s, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
  (void)s, (void)url, (void)flags, (void)options;
  *pb = NULL;
  return AVERROR(EPERM);
}
static inline void cffmpeg_forbid_nested_opens(AVFormatContext *s) { s->io_open = cffmpeg_refuse_to_open; }
