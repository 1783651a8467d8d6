import { z } from 'zod';

const text = z.string().optional();
const whole = z.int().optional();

const sideData = z.looseObject({ side_data_type: text, rotation: z.number().optional() });

const stream = z.looseObject({
  index: z.int().nonnegative(),
  codec_type: text,
  codec_name: text,
  profile: text,
  level: whole,
  pix_fmt: text,
  width: whole,
  height: whole,
  sample_aspect_ratio: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  field_order: text,
  color_range: text,
  color_primaries: text,
  color_transfer: text,
  color_space: text,
  sample_rate: text,
  channels: whole,
  channel_layout: text,
  bit_rate: text,
  duration: text,
  nb_frames: text,
  disposition: z.record(z.string(), z.number()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  side_data_list: z.array(sideData).optional(),
});

/** What `ffprobe -show_format -show_streams -of json` writes, as far as it is read. */
export const ffprobeOutput = z.looseObject({
  streams: z.array(stream).default([]),
  format: z.looseObject({
    format_name: z.string(),
    duration: text,
    bit_rate: text,
    size: text,
    tags: z.record(z.string(), z.string()).optional(),
  }),
});
export type FfprobeStream = z.infer<typeof stream>;
export type FfprobeOutput = z.infer<typeof ffprobeOutput>;
