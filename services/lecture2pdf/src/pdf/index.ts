export type { LecturePdf, LectureSlide, SpokenText, WrittenPdf } from './lecture-pdf.ts';
export { writeLecturePdf } from './write-lecture-pdf.ts';
