/** The part of fluent-ffmpeg that ffmpeg-command.ts uses. */
declare module 'fluent-ffmpeg' {
  interface FfmpegCommand {
    input(source: string): this;
    inputOptions(...options: string[]): this;
    complexFilter(graph: string): this;
    output(target: string): this;
    outputOptions(...options: string[]): this;
    /** The argument list, without running anything. */
    _getArguments(): string[];
  }
  export default function ffmpeg(): FfmpegCommand;
}
