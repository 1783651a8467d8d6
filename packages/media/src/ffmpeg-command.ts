import { resolve } from 'node:path';
import ffmpeg from 'fluent-ffmpeg';
import { localInputOptions, type LocalInputOptions } from './demuxers.ts';

export interface CommandInput extends LocalInputOptions {
  readonly path: string;
  /** Options before `-i`, such as `-ss`. */
  readonly options?: readonly string[];
}

export interface CommandOutput {
  /** A file, or `pipe:1`. */
  readonly target: string;
  readonly options: readonly string[];
}

export interface Command {
  readonly inputs: readonly CommandInput[];
  readonly filterGraph?: string;
  readonly outputs: readonly CommandOutput[];
}

/**
 * The argument list of a command. fluent-ffmpeg lays it out and never runs it: children are started by
 * {@link runFfmpeg} alone, with limits and in a process group that can be killed whole.
 */
export function commandArguments(command: Command): string[] {
  const builder = ffmpeg();
  for (const input of command.inputs) {
    // Given as several arguments, options are taken as they are; a lone array would be split at spaces.
    builder.input(fileUrl(input.path)).inputOptions(...localInputOptions(input), ...(input.options ?? []));
  }
  if (command.filterGraph !== undefined) builder.complexFilter(command.filterGraph);
  for (const output of command.outputs) {
    const target = output.target === 'pipe:1' ? output.target : fileUrl(output.target);
    builder.output(target).outputOptions(...output.options);
  }
  return builder._getArguments();
}

/** With the protocol said, no name can be taken for another protocol or for an option. */
export function fileUrl(path: string): string {
  return `file:${resolve(path)}`;
}
