export { findSlides, type FoundSlides } from './find-slides.ts';
