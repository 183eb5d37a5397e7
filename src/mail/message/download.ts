import { StreamableFile } from '@nestjs/common';
import type { Readable } from 'node:stream';

/**
 * A file from a mail as a download: never shown in place, whatever it claims to be. File name as in RFC 6266: plain ASCII
 * for old clients, the real one encoded.
 */
export function asDownload(
  content: Readable | Buffer,
  filename: string,
  length: number,
  type = 'application/octet-stream',
): StreamableFile {
  const ascii = filename.replace(/[^\x20-\x7E]|["\\%]/g, '_');
  const encoded = encodeURIComponent(filename).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const disposition = `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
  const options = { type, disposition, length };
  return Buffer.isBuffer(content) ? new StreamableFile(content, options) : new StreamableFile(content, options);
}
