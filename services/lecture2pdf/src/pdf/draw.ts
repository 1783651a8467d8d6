import { directed, type Face } from './face.ts';
import type { LecturePdf, LectureSlide } from './lecture-pdf.ts';
import type { Line, Typesetter } from './paragraph.ts';
import type { Piece } from './pieces.ts';
import type { Box, Element, Item, Link, PagePlan, TextStyle } from './plan.ts';
import { styles } from './plan.ts';

type StructureElement = ReturnType<PDFKit.PDFDocument['struct']>;

/** Draws planned pages into a document, tagged. */
export class Drawing {
  readonly #doc: PDFKit.PDFDocument;
  readonly #set: Typesetter;
  readonly #root: StructureElement;
  readonly #elements = new Map<Element, StructureElement>();
  readonly #faces = new Set<string>();

  constructor(doc: PDFKit.PDFDocument, set: Typesetter) {
    this.#doc = doc;
    this.#set = set;
    this.#root = doc.struct('Document');
    doc.addStructure(this.#root);
  }

  /** @param pictures JPEGs of the page's picture items, by item */
  page(plan: PagePlan, number: string, lecture: LecturePdf, pictures: ReadonlyMap<Item, Buffer>): void {
    this.#doc.addPage({ size: [plan.width, plan.height], margin: 0 });
    if (plan.anchor) {
      this.#doc.addNamedDestination(plan.anchor.name, 'Fit');
      if (plan.anchor.outline !== null) this.#doc.outline.addItem(plan.anchor.outline, FIT);
    }
    for (const item of plan.items) {
      if (item.element) this.#tagged(item.element, () => this.#item(item, lecture, pictures));
      else this.#artifact('Layout', () => this.#item(item, lecture, pictures));
      if (item.kind === 'picture') this.#frame(item.box);
      if (item.kind !== 'words' && item.link) this.#link(item.link, extent(item));
    }
    this.#footer(plan, number);
    this.#endLinks();
  }

  end(): void {
    this.#root.end();
  }

  #item(item: Item, lecture: LecturePdf, pictures: ReadonlyMap<Item, Buffer>): void {
    if (item.kind === 'text') {
      this.#line(item.line, item.x, item.baseline, item.style);
    } else if (item.kind === 'picture') {
      const jpeg = pictures.get(item);
      if (!jpeg) throw new Error('a picture of the page was not read');
      const { x, y, width, height } = item.box;
      this.#doc.image(jpeg, x, y, { width, height });
    } else {
      const slide = lecture.slides[item.slide];
      if (slide) this.#unseenWords(slide, item.box);
    }
  }

  #line(line: Line, x: number, baseline: number, style: TextStyle): void {
    this.#doc.fontSize(style.size).fillColor(style.color);
    let left = x;
    for (const piece of line.pieces) {
      this.#piece(piece, piece.text, left, baseline, PLAIN);
      left += (piece.width * style.size) / 1000;
    }
  }

  #piece(
    { face, actual, rightToLeft }: Piece,
    text: string,
    left: number,
    baseline: number,
    options: PDFKit.Mixins.TextOptions,
  ): void {
    if (actual !== undefined) this.#doc.markContent('Span', { actual });
    this.#font(face).text(directed(text, rightToLeft), left, baseline, options);
    if (actual !== undefined) this.#doc.endMarkedContent();
  }

  /** Text that is found and copied but not seen (text rendering mode 3), each word as wide as on the picture. */
  #unseenWords(slide: LectureSlide, box: Box): void {
    const scale = box.width / slide.picture.width;
    this.#doc.save();
    this.#doc.addContent('3 Tr');
    for (const word of slide.words) {
      const size = Math.max(0.5, word.box.h * scale);
      const { pieces, width } = this.#set.line(word.text, { weight: 'regular', size });
      if (width === 0) continue;
      const horizontalScaling = round((100 * word.box.w * scale) / width);
      this.#doc.fontSize(size);
      let left = box.x + word.box.x * scale;
      const baseline = box.y + (word.box.y + word.box.h * 0.8) * scale;
      for (const [index, piece] of pieces.entries()) {
        const space = index === pieces.length - 1 && piece.face.has(SPACE) && !piece.rightToLeft ? ' ' : '';
        const options = { ...PLAIN, horizontalScaling };
        this.#piece(piece, piece.text + space, left, baseline, options);
        left += (((piece.width * size) / 1000) * horizontalScaling) / 100;
      }
    }
    this.#doc.restore();
  }

  #font(face: Face): PDFKit.PDFDocument {
    if (!this.#faces.has(face.name)) {
      // pdfkit takes an opened font as well as a file of one; its types don't say so.
      this.#doc.registerFont(face.name, face.font as unknown as Buffer);
      this.#faces.add(face.name);
    }
    return this.#doc.font(face.name);
  }

  #link({ element, target, contents }: Link, { x, y, width, height }: Box): void {
    // pdfkit writes a String as a text and a plain string as a name; its types know only the latter.
    const options = { structParent: this.#element(element), Contents: new String(contents) as string };
    if ('url' in target) this.#doc.link(x, y, width, height, target.url, options);
    else this.#doc.goTo(x, y, width, height, target.anchor, options);
  }

  #frame({ x, y, width, height }: Box): void {
    this.#artifact('Layout', () => {
      this.#doc.lineWidth(0.5).strokeColor('#c4c7cc').rect(x, y, width, height).stroke();
    });
  }

  #footer({ footer }: PagePlan, number: string): void {
    const line = this.#set.line(number, styles.small);
    this.#artifact('Pagination', () => {
      this.#line(footer.text, footer.left, footer.baseline, styles.small);
      this.#line(line, footer.right - line.width, footer.baseline, styles.small);
    });
  }

  /** pdfkit notes the page that a link lies on as it writes its element: the one that is drawn then. */
  #endLinks(): void {
    for (const [element, made] of this.#elements) {
      if (element.role !== 'Link') continue;
      made.end();
      this.#elements.delete(element);
    }
  }

  #artifact(type: 'Layout' | 'Pagination', draw: () => void): void {
    this.#doc.markContent('Artifact', { type });
    draw();
    this.#doc.endMarkedContent();
  }

  #tagged(element: Element, draw: () => void): void {
    this.#element(element).add(draw);
  }

  #element(element: Element): StructureElement {
    let made = this.#elements.get(element);
    if (!made) {
      const { role, parent, ...options } = element;
      made = this.#doc.struct(role, options);
      (parent ? this.#element(parent) : this.#root).add(made);
      this.#elements.set(element, made);
    }
    return made;
  }
}

const SPACE = 0x20;
/** The whole page: pdfkit's other kind of destination scrolls to the right edge. */
const FIT = { fit: true, expanded: false };
/** One stretch of text, where it is told to be. */
const PLAIN = { lineBreak: false, baseline: 'alphabetic', features: [] } satisfies PDFKit.Mixins.TextOptions;

function extent(item: Exclude<Item, { kind: 'words' }>): Box {
  if (item.kind === 'picture') return item.box;
  const { size, leading } = item.style;
  return { x: item.x, y: item.baseline - size, width: item.line.width, height: leading };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
