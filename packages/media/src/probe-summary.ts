import type { MediaProbe } from './probe.ts';
import type { AudioStream, VideoStream } from './probe-streams.ts';

/**
 * What a probe tells a client, as flat JSON: chosen field by field, so that no place, person or device that a file
 * carries can slip through.
 */
export function describeProbe(
  source: MediaProbe,
  video: VideoStream | undefined,
  audio: AudioStream | undefined,
): Record<string, unknown> {
  return {
    container: source.demuxer,
    audio_tracks: source.audios.length,
    ...(source.subtitles > 0 ? { subtitle_tracks: source.subtitles } : {}),
    ...(video
      ? {
          video_codec: video.codec,
          pixel_format: video.pixelFormat,
          frame_rate:
            video.averageFrameRate === null ? null : Math.round(video.averageFrameRate * 1000) / 1000,
          rotation: video.rotation,
          interlaced: video.interlaced,
        }
      : {}),
    ...(audio ? { audio_codec: audio.codec, sample_rate: audio.sampleRate, channels: audio.channels } : {}),
  };
}
