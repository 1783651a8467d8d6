export { transcodeAudio, type AudioOptions, type AudioProfile, type TranscodedAudio } from './audio.ts';
export { defaultMediaLimits, type MediaLimits } from './limits.ts';
export { probe, type MediaProbe, type ProbeOptions } from './probe.ts';
export type { AudioStream, HdrTransfer, VideoStream } from './probe-streams.ts';
export {
  transcodeVideo,
  type LocalRendition,
  type TranscodedVideo,
  type TranscodeOptions,
  type VideoOptions,
} from './video.ts';
export { defaultVideoProfile, mainVideo, type VideoProfile } from './video-plan.ts';
export type { Waveform } from './waveform.ts';
export { configureMedia, type MediaPrograms } from './ffmpeg-path.ts';
export { SNIFF_BYTES, sniffMedia, type SniffedMedia } from './sniff.ts';
export {
  renderImage,
  type ImageOptions,
  type ImageRendition,
  type ImageRenditionName,
  type RenderedImage,
} from './image.ts';
export { defaultImageLimits, type ImageLimits } from './image-limits.ts';
export { decodeImage, type DecodedImage, type DecodeOptions } from './decode.ts';
export { extractTextTrack, type TextCodec, type TextTrack, type TextTrackOptions } from './text-tracks.ts';
export { extractSpeech, type SpeechOptions } from './speech.ts';
export {
  readGreyFrames,
  type FrameOptions,
  type GreyFrameOptions,
  type GreyFrames,
  type PartOptions,
} from './frames.ts';
export { writeStill, type Still } from './still.ts';
