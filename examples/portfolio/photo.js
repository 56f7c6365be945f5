import { html } from './views.js';

const HERE = '/admin/photo';
const LARGEST_BYTES = 5_000_000;

/** An upload. Files are not kept while somebody confirms, so the policy refuses them before they are read. */
export function mountPhoto(app, show) {
  const form = (req, res, notice) => show(req, res, { title: 'Product photo', notice, body: FORM });
  app.get(HERE, (req, res) => form(req, res));
  app.post(HERE, async (req, res) => {
    const bytes = await sizeOf(req);
    if (bytes > LARGEST_BYTES) return void form(req, res.status(413), 'That is more than 5 MB.');
    form(req, res, `Received: ${Math.ceil(bytes / 1_000)} kB. The demonstration keeps nothing of it.`);
  });
}

/** Reads an upload to its end and keeps nothing; one that is too long, no further than that. */
async function sizeOf(req) {
  let bytes = 0;
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes > LARGEST_BYTES) break;
  }
  return bytes;
}

const FORM = html`<form method="post" action="${HERE}" enctype="multipart/form-data" class="fields">
<label for="photo">Photo of the product</label><input id="photo" name="photo" type="file" accept="image/*" required>
<p class="actions"><button>Send</button> <a href="/admin">Back to the console</a></p></form>
<p>Sending takes a code (level aal2) of the last 30 seconds. Without one the answer says so at once, and nothing of the file is read: choose a
photo and see. After the confirmation choose it again.</p>`;
