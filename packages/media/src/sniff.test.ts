import { describe, expect, test } from '@jest/globals';
import {
  bmpPicture,
  heicFile,
  manyFramesGif,
  polyglotJpeg,
  scriptWithGifHead,
  svgWithReferences,
} from './fixtures/index.ts';
import * as pictures from './fixtures/images.ts';
import { SNIFF_BYTES, sniffMedia } from './sniff.ts';

const kindOf = async (bytes: Buffer) => {
  const sniffed = await sniffMedia(bytes.subarray(0, SNIFF_BYTES));
  return sniffed && `${sniffed.kind} ${sniffed.ext}`;
};
const latin = (text: string) => Buffer.from(text, 'latin1');
const ftyp = (brands: string) => {
  const box = Buffer.concat([Buffer.alloc(4), latin(`ftyp${brands.slice(0, 4)}\0\0\0\0${brands.slice(4)}`)]);
  box.writeUInt32BE(box.length);
  return Buffer.concat([box, latin('\0\0\0\x08free')]);
};
const ogg = (packet: string) =>
  Buffer.concat([latin('OggS\0\x02'), Buffer.alloc(20), latin('\x01\x20' + packet), Buffer.alloc(64)]);
const id3 = (size: number, then: Buffer) =>
  Buffer.concat([latin('ID3\x04\0\0\0\0\0'), Buffer.from([size]), Buffer.alloc(size), then]);
const adts = Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x01, 0x1f, 0xfc, 0, 0xff, 0xf1]);

describe('pictures', () => {
  test.each<[string, () => Buffer | Promise<Buffer>, string]>([
    ['a JPEG', () => pictures.orientedPhoto(6), 'image jpg'],
    ['a PNG', pictures.transparentPng, 'image png'],
    ['a GIF', pictures.animatedGif, 'image gif'],
    ['a WebP', pictures.animatedWebp, 'image webp'],
    ['a BMP', () => bmpPicture({ width: 5, height: 3, bits: 24 }), 'image bmp'],
    ['an AVIF', pictures.avifPicture, 'image avif'],
    ['a TIFF', pictures.twoPageTiff, 'image tiff'],
    ['a TIFF whose directory is at its end', () => latin('MM\0*\0\x20\0\0' + '\0'.repeat(100)), 'image tiff'],
    ['a HEIC', () => heicFile(), 'image heic'],
    ['a generic HEIF with HEVC in it', () => ftyp('mif1mif1heic'), 'image heic'],
    ['a generic HEIF with AV1 in it', () => ftyp('mif1miafavif'), 'image avif'],
    ['a GIF of 10,000 frames', () => manyFramesGif(10_000, 16), 'image gif'],
    ['a JPEG that is also a page', polyglotJpeg, 'image jpg'],
    ['a script with a GIF head', scriptWithGifHead, 'image gif'],
  ])('%s', async (_, make, expected) => {
    expect(await kindOf(await make())).toBe(expected);
  });
});

describe('video and sound', () => {
  test.each<[string, Buffer, string]>([
    ['MP4', ftyp('isomisomiso2avc1mp41'), 'video mp4'],
    ['MOV', ftyp('qt  qt  '), 'video mov'],
    ['MOV without ftyp', latin('\0\0\0\x08wide\0\0\x10\0mdat'), 'video mov'],
    ['3GP', ftyp('3gp4isom3gp4'), 'video 3gp'],
    ['M4V', ftyp('M4V mp42isom'), 'video mp4'],
    ['M4A', ftyp('M4A mp42isom'), 'audio m4a'],
    ['AVI', latin('RIFF\x10\0\0\0AVI LIST\0\0\0\0hdrlavih'), 'video avi'],
    ['WebM', latin('\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm\x42\x87\x81\x02'), 'video webm'],
    ['Matroska', latin('\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska\x42\x87\x81\x02'), 'video mkv'],
    ['FLV', latin('FLV\x01\x05\0\0\0\x09'), 'video flv'],
    [
      'MPEG-TS',
      Buffer.concat(Array(4).fill(Buffer.concat([latin('G@\0\x10'), Buffer.alloc(184)]))),
      'video ts',
    ],
    [
      'ASF',
      Buffer.concat([Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex'), Buffer.alloc(64)]),
      'video asf',
    ],
    ['MPEG-PS', latin('\0\0\x01\xba\x44\0\x04\0\x04\x01'), 'video mpg'],
    ['Theora', ogg('\x80theora'), 'video ogv'],
    ['Opus', ogg('OpusHead'), 'audio ogg'],
    ['Vorbis', ogg('\x01vorbis'), 'audio ogg'],
    ['WAV', latin('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0'), 'audio wav'],
    ['MP3 with ID3', id3(10, Buffer.from([0xff, 0xfb, 0x90, 0])), 'audio mp3'],
    ['MP3', Buffer.from([0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0]), 'audio mp3'],
    ['AAC', adts, 'audio aac'],
    ['AAC with ID3', id3(10, adts), 'audio aac'],
    ['FLAC', latin('fLaC\0\0\0\x22'), 'audio flac'],
    ['FLAC with ID3', id3(10, latin('fLaC\0\0\0\x22')), 'audio flac'],
    ['AIFF', latin('FORM\0\0\0\x20AIFFCOMM'), 'audio aiff'],
    ['AMR', latin('#!AMR\n\x3c'), 'audio amr'],
  ])('%s', async (_, bytes, expected) => {
    expect(await kindOf(bytes)).toBe(expected);
  });
});

describe('what is not taken', () => {
  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['two bytes', latin('BM')],
    ['text', latin('Hello, I am a video.')],
    ['text that starts like a BMP', latin('BMW makes cars and motorcycles, and has done so for long')],
    ['HTML', latin('<!doctype html><html></html>')],
    ['SVG', svgWithReferences('http://127.0.0.1/')],
    ['SVG without a declaration', latin('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['an HLS playlist', latin('#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n')],
    ['a concat list', latin("ffconcat version 1.0\nfile '/etc/passwd'\n")],
    ['DASH', latin('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>')],
    ['SDP', latin('v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n')],
    ['PDF', latin('%PDF-1.7\n')],
    ['a zip', latin('PK\x03\x04\x14\0\0\0\0\0')],
    ['Canon raw', latin('II*\0\x10\0\0\0CR\x02\0' + '\0'.repeat(100))],
    ['JPEG 2000', ftyp('jp2 jp2 ')],
    ['an executable', latin('\x7fELF\x02\x01\x01')],
    ['zeros', Buffer.alloc(SNIFF_BYTES)],
  ])('%s', async (_, bytes) => {
    expect(await kindOf(bytes)).toBeUndefined();
  });
});
