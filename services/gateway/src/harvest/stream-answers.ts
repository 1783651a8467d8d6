import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { harvestManifestColumns, type HarvestManifestLine } from '@mediaworks/contracts';
import { csvLine, errorFields, type Logger, UTF8_BOM } from '@mediaworks/runtime';
import type { Response } from 'express';
import { contentDisposition } from '../files/content-disposition.ts';

export const MANIFEST_TYPES = {
  jsonl: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
} as const;

/** A manifest as text, line by line. */
export async function* manifestText(
  lines: AsyncIterable<HarvestManifestLine>,
  format: keyof typeof MANIFEST_TYPES,
): AsyncGenerator<string> {
  if (format === 'csv') yield UTF8_BOM + csvLine(harvestManifestColumns);
  for await (const line of lines) {
    yield format === 'csv'
      ? csvLine(harvestManifestColumns.map((column) => line[column]))
      : `${JSON.stringify(line)}\n`;
  }
}

/** Sends a file that is made while it is sent. What goes wrong on the way breaks the connection off: it must not look whole. */
export async function sendMade(
  res: Response,
  file: { name: string; contentType: string; body: Readable },
  log: Logger,
): Promise<void> {
  const { body } = file;
  res.writeHead(200, {
    'Content-Type': file.contentType,
    'Content-Disposition': contentDisposition('attachment', file.name),
    'Cache-Control': 'no-store',
  });
  try {
    await pipeline(body, res);
  } catch (error) {
    // The client going away breaks the pipe too, and is nobody's error.
    if (body.errored !== null && body.errored.name !== 'AbortError') {
      log.warn('a file broke off', { name: file.name, ...errorFields(error) });
    }
  }
}
