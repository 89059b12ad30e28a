// Addresses inside a document, seen from the page: files of the folder open here, pictures come from the host, and
// attachments from the cell. Pure.
import { encodePath } from '../../shared/host/http';

/** The API path that `relative` means in the file `from`, or null if it leads elsewhere. */
export function resolvePath(from: string, relative: string): string | null {
  if (!relative || /^[a-z][a-z0-9+.-]*:|^\/\/|^[#?]/i.test(relative)) return null;
  const bare = relative.replace(/[?#].*$/s, '');
  let decoded: string;
  try {
    decoded = decodeURIComponent(bare);
  } catch {
    decoded = bare;
  }
  const parts = decoded.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of decoded.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return null;
    } else if (part && part !== '.') parts.push(part);
  }
  return parts.join('/') || null;
}

/** The fragment that opens a file in this page. */
export function pageHash(path: string): string {
  return `#/${encodePath(path)}`;
}

/** The path in such a fragment; null if it is none. */
export function pathOfHash(hash: string): string | null {
  if (!hash.startsWith('#/') || hash.length < 3) return null;
  try {
    return decodeURIComponent(hash.slice(2));
  } catch {
    return null;
  }
}

/** A picture's address: an attachment, a file beside the document, or null for one elsewhere. */
export function imageAddress(src: string, from: string, attachments: Record<string, unknown>): string | null {
  if (/^data:image\//i.test(src)) return src;
  if (src.startsWith('attachment:')) {
    const bundle = attachments[decodeURIComponent(src.slice('attachment:'.length))];
    const [mime, body] = Object.entries((bundle ?? {}) as Record<string, unknown>).find(([type]) => type.startsWith('image/')) ?? [];
    if (!mime || typeof body !== 'string') return null;
    return mime === 'image/svg+xml' ? `data:${mime};utf8,${encodeURIComponent(body)}` : `data:${mime};base64,${body.replace(/\s+/g, '')}`;
  }
  const path = resolvePath(from, src);
  return path === null ? null : `api/commonplace/file/${encodePath(path)}`;
}
