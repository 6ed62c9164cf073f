import { createHash } from 'node:crypto';

/**
 * The page behind the link of a page to people. It only asks: what acknowledges is the button, never the opening of the
 * link, which mail scanners open too. The token stands behind the `#`, so that it reaches no log on the way.
 */
const SCRIPT = `
const [, id, token] = /^#([A-Za-z0-9-]+)\\.(.+)$/.exec(location.hash) ?? [];
const say = (text) => { document.querySelector('output').textContent = text; };
if (!id) say('This link is not complete. Copy the whole of it.');
document.querySelector('code').textContent = id ?? '';
document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const body = { human_id: form.get('human'), token };
  if (form.get('notes')) body.notes = form.get('notes');
  say('…');
  try {
    const response = await fetch('escalations/' + id + '/acknowledge', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) say(answer.detail ?? answer.title ?? 'It was refused.');
    else if (answer.already_acknowledged_by) say('Already taken by ' + answer.already_acknowledged_by + '.');
    else say('Thank you. It is yours, and nobody else is called.');
  } catch { say('The fleet does not answer. Try again.'); }
});
`;

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem}
label{display:block;margin:.8rem 0}input,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}
button{font:inherit;padding:.5rem 1rem}output{display:block;margin-top:1rem;font-weight:600}
`;

export const ACK_PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><title>Acknowledge</title><style>${STYLE}</style></head><body><main><h1>Take this escalation</h1><p>Escalation <code></code>. Who acknowledges has it: nobody else is called any more.</p><form><label>Your name, as others know it<input name="human" required maxlength="128" autocomplete="name"></label><label>Notes<textarea name="notes" maxlength="2000" rows="3"></textarea></label><button>I take it</button></form><output role="status"></output></main><script>${SCRIPT}</script></body></html>`;

export const ACK_PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${digest(SCRIPT)}'`,
  `style-src 'sha256-${digest(STYLE)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
