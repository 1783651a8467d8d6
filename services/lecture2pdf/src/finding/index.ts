export { findSlides } from './find-slides.ts';
