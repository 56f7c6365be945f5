import { describe, expect, test } from '@jest/globals';
import { expressVersions } from '../support/express.ts';
import { approvalWorld, asked, type Person, SCOPE } from './approval-world.ts';

describe.each(expressVersions)('the pages of approvals on %s', (_name, express) => {
  async function ready() {
    const made = approvalWorld(express);
    return { ...made, ann: await made.person('ann'), bob: await made.person('bob') };
  }

  /** What a page's first form would send, and where. */
  async function asks(by: Person, page: string): Promise<void> {
    const { text } = await by.visit(page).expect(200);
    const fields = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [name, value]);
    await by
      .send('/desk/approvals', { ...Object.fromEntries(fields), reason: 'they asked' })
      .expect(303)
      .expect('Location', `/desk/approvals?scope=${encodeURIComponent(SCOPE)}`);
  }

  test('somebody who opens a page that needs approval is led to ask, and back', async () => {
    const { ann, bob } = await ready();
    const sent = await ann.visit('/desk/customers/7/delete?sure=1').expect(303).expect('Cache-Control', 'no-store');
    const page = sent.headers['location'] as string;
    expect(page).toMatch(/^\/desk\/approvals\?scope=delete%20a%20customer&return_to=[\w-]+$/);
    await asks(ann, page);
    expect((await ann.visit(`/desk/approvals?scope=${encodeURIComponent(SCOPE)}`)).text).toContain('Somebody else has to approve it');
    const [seen] = (await bob.list()).others;
    const shown = (await bob.visit('/desk/approvals').expect(200)).text;
    for (const what of ['ann of /desk', 'desk', 'they asked', '15 minutes', 'UTC</time> (now)']) expect(shown).toContain(what);
    await bob.send(`/desk/approvals/${seen?.id}/approve`).expect(303).expect('Location', '/desk/approvals');
    const after = (await ann.visit(`/desk/approvals?scope=${encodeURIComponent(SCOPE)}`)).text;
    expect(after).toContain('href="/desk/customers/7/delete?sure=1">Go on</a>');
    await ann.visit('/desk/customers/7/delete?sure=1').expect(200);
  });

  test('a form that needs approval leads there too, and back to the page that it stood on', async () => {
    const { ann } = await ready();
    const sent = await ann.send('/desk/customers/delete', { id: '7' }).expect(303);
    expect((await ann.visit(sent.headers['location'] as string)).text).toContain('<a href="/desk">Back to the page</a>');
  });

  test('an approver who has to confirm who they are goes on with what they pressed', async () => {
    const { ann, bob, clock } = await ready();
    const request = await asked(ann);
    clock.advance('6m');
    const sent = await bob.send(`/desk/approvals/${request.id}/approve`, { comment: 'fine' }).expect(303);
    const confirm = sent.headers['location'] as string;
    expect(confirm).toMatch(/^\/desk\/reauthenticate\?return_to=/);
    const back = await bob.send(confirm).expect(303);
    const resumed = back.headers['location'] as string;
    expect((await bob.visit(resumed).expect(200)).text).toContain(`Approve “${SCOPE}” for ann`);
    await ann.deletes().expect(403);
    await bob.send(resumed).expect(303).expect('Location', '/desk/approvals');
    await ann.deletes().expect(200);
    expect((await ann.list()).own).toMatchObject([{ comment: 'fine' }]);
  });

  test('what people write is shown as they wrote it, and does nothing', async () => {
    const { ann, bob } = await ready();
    const script = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
    const request = await asked(ann, { reason: script });
    const shown = (await bob.visit('/desk/approvals').expect(200)).text;
    expect(shown).toContain('&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;');
    expect(shown).not.toMatch(/<script|<img/);
    await bob.decides('refuse', request.id, { comment: script }).expect(200);
    expect((await ann.visit('/desk/approvals')).text).not.toMatch(/<script|<img/);
  });

  test('a scope in the address that nothing has is not shown', async () => {
    const { ann } = await ready();
    const { text } = await ann.visit('/desk/approvals?scope=%3Cscript%3Eall%20of%20it').expect(200);
    expect(text).not.toContain('all of it');
    expect(text).not.toContain('Ask for approval');
  });

  test('a way back that is not ours is not offered', async () => {
    const { ann } = await ready();
    for (const way of ['//evil.example', '/%5cevil.example', 'https://evil.example/', 'x'.repeat(30)]) {
      const page = `/desk/approvals?scope=${encodeURIComponent(SCOPE)}&return_to=${encodeURIComponent(way)}`;
      expect((await ann.visit(page).expect(200)).text).not.toMatch(/evil|Back to the page|name="return_to"/);
      await ann.send('/desk/approvals', { scope: SCOPE, reason: 'x', return_to: way }).expect(303);
    }
    expect((await ann.list()).own.map(({ backTo }) => backTo)).toEqual([null]);
  });

  test('pages are not cached, and their forms go nowhere else', async () => {
    const { bob } = await ready();
    const { headers } = await bob.visit('/desk/approvals').expect(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/);
  });

  test('a request for a page that nobody is signed in for leads to the sign-in', async () => {
    const { ann } = await ready();
    await ann.agent.post('/desk/logout').expect(204);
    const sent = await ann.visit('/desk/approvals').expect(303);
    expect(sent.headers['location']).toMatch(/^\/desk\/login/);
  });
});
