import PDFDocument from 'pdfkit';
import type { LecturePdf } from './lecture-pdf.ts';

/** As much as is drawn on most pages, in bytes. */
const PAGE_BYTES = 2 ** 16;

/** An empty tagged document (PDF 1.7, PDF/UA-1) with what is told of the lecture as a whole. */
export class LectureDocument extends PDFDocument {
  readonly #drawn = Buffer.allocUnsafeSlow(PAGE_BYTES);
  #length = 0;

  constructor(lecture: LecturePdf) {
    super({
      autoFirstPage: false,
      pdfVersion: '1.7',
      tagged: true,
      // Its types know only the archive formats.
      subset: 'PDF/UA' as 'PDF/A-1',
      displayTitle: true,
      lang: languageTag(lecture.language ?? lecture.transcript.language),
      font: '',
      info: {
        Title: lecture.title,
        Subject: lecture.filename,
        Creator: 'Mediaworks lecture2pdf',
        // Not the time of writing: a job that runs again gives the same bytes.
        CreationDate: lecture.uploadedAt,
        ModDate: lecture.uploadedAt,
      },
    });
  }

  /**
   * pdfkit gives each of the thousands of steps in which a page is drawn memory of its own until the page ends: enough
   * for most of it to outlive the young generation, and to stay until all of the heap is collected.
   */
  override addContent(step: string): this {
    const line = `${step}\n`;
    if (this.#length + line.length > PAGE_BYTES) this.#write();
    if (line.length > PAGE_BYTES) this.page.write(step);
    else this.#length += this.#drawn.write(line, this.#length, 'latin1');
    return this;
  }

  override flushPages(): void {
    this.#write();
    super.flushPages();
  }

  /** Hands on what is drawn. */
  #write(): void {
    if (this.#length > 0) this.page.write(Uint8Array.from(this.#drawn.subarray(0, this.#length)));
    this.#length = 0;
  }

  /** pdfkit writes titles into the XML of the metadata as they are; the other copy of them is written by now. */
  override endMetadata(): void {
    const { Title, Subject } = this.info;
    this.info = {
      ...this.info,
      ...(Title !== undefined && { Title: escapeXml(Title) }),
      ...(Subject !== undefined && { Subject: escapeXml(Subject) }),
    };
    super.endMetadata();
  }
}

/** The document's own words are English, so that is what it is in where the lecture's language is unknown. */
export function languageTag(language: string | null): string {
  try {
    return Intl.getCanonicalLocales(language ?? 'en')[0] ?? 'en';
  } catch {
    return 'en';
  }
}

function escapeXml(text: string): string {
  const letters: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
  // Noncharacters are no part of XML.
  return text.replace(/[&<>]/g, (letter) => letters[letter] ?? letter).replace(/[\uFFFE\uFFFF]/g, '');
}
