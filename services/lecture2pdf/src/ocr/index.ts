export { openSlideReader, type SlideReader } from './slide-reader.ts';
