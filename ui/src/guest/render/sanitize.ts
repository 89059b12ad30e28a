// HTML by strangers, made harmless: no scripts, no frames, no forms, nothing that styles or names things in this page.
// The host's content policy is the second wall, this is the first.
import DOMPurify from 'dompurify';

const purify = DOMPurify(window);

// Of styles only the alignment of table cells is kept, which Markdown and pandas both write.
purify.addHook('uponSanitizeAttribute', (_node, data) => {
  if (data.attrName === 'style') data.keepAttr = /^\s*text-align:\s*(left|right|center);?\s*$/.test(data.attrValue);
});

purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    node.setAttribute('rel', 'noopener noreferrer');
    if (!node.getAttribute('href')?.startsWith('#')) node.setAttribute('target', '_blank');
  }
  if (node.tagName === 'IMG') {
    node.setAttribute('loading', 'lazy');
    if (!node.hasAttribute('alt')) node.setAttribute('alt', '');
  }
});

export function sanitize(html: string): DocumentFragment {
  return purify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ['style', 'form', 'input', 'button', 'textarea', 'select', 'option', 'dialog', 'audio', 'video', 'source', 'track'],
    FORBID_ATTR: ['id', 'name', 'class', 'slot', 'tabindex', 'contenteditable', 'autofocus', 'srcset', 'background'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
