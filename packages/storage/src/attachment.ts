/**
 * A Content-Disposition that offers a download under any name at all (RFC 6266): a plain one for old clients, and the
 * true one in UTF-8 (RFC 8187).
 */
export function attachmentNamed(filename: string): string {
  // Through a buffer, since half of a surrogate pair can not be encoded. No folders, no control characters.
  const name =
    Buffer.from(filename)
      .toString()
      .replace(/[\u0000-\u001f\u007f-\u009f/\\]/g, '_') || 'file';
  const plain = name.replace(/[^\x20-\x7e]|["%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
