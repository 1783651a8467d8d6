const MAX_NAME = 200;

/** Every control character, and what would end the name or the header. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f/\\]/g;

/**
 * A Content-Disposition for any name at all (RFC 6266): a plain one for old clients, and the true one in UTF-8
 * (RFC 8187) where they differ.
 */
export function contentDisposition(kind: 'inline' | 'attachment', filename: string): string {
  // Through a buffer, since half of a surrogate pair can not be encoded.
  const name =
    [...Buffer.from(filename).toString().replace(UNSAFE, '_')].slice(0, MAX_NAME).join('') || 'file';
  const plain = name.replace(/[^\x20-\x7e]/g, '_').replace(/["%]/g, '_');
  if (plain === name) return `${kind}; filename="${plain}"`;
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
