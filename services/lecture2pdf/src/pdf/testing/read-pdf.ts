import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/types/src/display/api.js';

/** One stretch of text as a reader finds it; points, `x` and `y` from the lower left. */
export interface FoundText {
  text: string;
  x: number;
  y: number;
  width: number;
}

/** A node of the structure tree with what it holds. */
export interface FoundElement {
  role: string;
  alt?: string;
  lang?: string;
  children: FoundElement[];
}

/** pdf.js, which looks for a canvas as it is loaded and complains that there is none: text needs none. */
async function loadPdfjs(): Promise<typeof import('pdfjs-dist')> {
  const { log } = console;
  console.log = () => undefined;
  try {
    return await import('pdfjs-dist/legacy/build/pdf.mjs');
  } finally {
    console.log = log;
  }
}

/** Opens a PDF as a reader program does. */
export async function openPdf(path: string): Promise<PDFDocumentProxy> {
  const { getDocument } = await loadPdfjs();
  return getDocument({ data: new Uint8Array(await readFile(path)), verbosity: 0 }).promise;
}

/** What draws a page: `[operator, arguments]`, the operators by pdf.js's names. */
export async function operatorsOf(page: PDFPageProxy): Promise<[name: string, args: unknown][]> {
  const { OPS } = await loadPdfjs();
  const names = new Map(Object.entries(OPS).map(([name, code]) => [code, name]));
  const { fnArray, argsArray } = await page.getOperatorList();
  return fnArray.map((code, index) => [names.get(code) ?? '', argsArray[index] as unknown]);
}

export async function pagesOf(pdf: PDFDocumentProxy): Promise<PDFPageProxy[]> {
  return Promise.all(Array.from({ length: pdf.numPages }, (_, index) => pdf.getPage(index + 1)));
}

export async function textsOf(page: PDFPageProxy): Promise<FoundText[]> {
  const { items } = await page.getTextContent();
  return items.flatMap((item) =>
    'str' in item
      ? [{ text: item.str, x: Number(item.transform[4]), y: Number(item.transform[5]), width: item.width }]
      : [],
  );
}

/** The words of a page in the order of the file, between single spaces. */
export async function wordsOf(page: PDFPageProxy): Promise<string> {
  const { items } = await page.getTextContent();
  const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
  return text.replace(/\s+/gu, ' ').trim();
}

const escaped: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** What a copy of its pages has instead of what they show, which pdf.js doesn't tell. Of a file without encryption. */
export async function actualTextsOf(path: string): Promise<string[]> {
  const file = await readFile(path, 'latin1');
  const streams = [...file.matchAll(/>>\s+stream\r?\n([^]*?)\r?\nendstream/g)].flatMap(([, bytes = '']) => {
    const packed = Buffer.from(bytes, 'latin1');
    // A zlib stream; fonts are, too, and hold nothing of the kind.
    return packed[0] === 0x78 ? [inflateSync(packed).toString('latin1')] : [];
  });
  return streams
    .flatMap((stream) => [...stream.matchAll(/\/ActualText \(((?:\\[^]|[^\\)])*)\)/g)])
    .map(([, written = '']) => {
      const bytes = written.replace(/\\([^])/g, (_, letter: string) => escaped[letter] ?? letter);
      return Buffer.from(bytes, 'latin1').swap16().toString('utf16le').slice(1);
    });
}

export async function elementsOf(page: PDFPageProxy): Promise<FoundElement[]> {
  const tree = (await page.getStructTree()) as FoundElement | null;
  const flat = (element: FoundElement): FoundElement[] =>
    'role' in element ? [element, ...element.children.flatMap(flat)] : [];
  return tree ? flat(tree) : [];
}

/** The pages, from 1, that the outline's titles lead to. */
export async function outlineOf(pdf: PDFDocumentProxy): Promise<[title: string, page: number][]> {
  const found: [string, number][] = [];
  for (const { title, dest } of await pdf.getOutline()) {
    const [ref] = Array.isArray(dest) ? (dest as Parameters<PDFDocumentProxy['getPageIndex']>) : [];
    if (ref) found.push([title, (await pdf.getPageIndex(ref)) + 1]);
  }
  return found;
}
