export { videoUrl } from './arguments.ts';
export { type DownloadedVideo, downloadVideo } from './download-video.ts';
export { photoPost } from './failure.ts';
export { listProfile } from './list-profile.ts';
export { locateYtdlp, type YtdlpProgram } from './program.ts';
