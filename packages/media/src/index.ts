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
export { defaultVideoProfile, type VideoProfile } from './video-plan.ts';
export type { Waveform } from './waveform.ts';
